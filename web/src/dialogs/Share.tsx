// Who sees an event and what each may do.
import { useEffect, useState } from "preact/hooks";

import {
  type CalendarEvent,
  findPeople,
  listPermissions,
  type Permission,
  type Person,
  removePermission,
  type Role,
  setRole,
  share,
} from "../api/events";
import { me } from "../api/session";
import { close } from "../panel/opening";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/icons";
import { reload } from "../store/entries";
import { giveTo, handing, leave } from "../store/parting";
import { say, sayProblem } from "../store/undo";
import { initialOf, nameOf } from "../text/people";

const ROLES: Record<Role, string> = {
  owner: "Can do everything, also delete the event and share it",
  editor: "Can change the event and bring old versions back",
  viewer: "Can see the event and its history",
};

export function ShareDialog({ event, onClose }: { event: CalendarEvent; onClose: () => void }) {
  const [rows, setRows] = useState<Permission[] | null>(null);
  const isOwner = event.role === "owner";
  const read = async () => setRows(await listPermissions(event.id));
  const act: Act = (what, said, back) => {
    what()
      .then(() => {
        const undone = back && (() => back().then(read));
        if (said) say(said, undone);
      }, sayProblem)
      .then(read)
      .then(() => reload())
      .catch(sayProblem);
  };
  useEffect(() => void read().catch(sayProblem), [event.id, handing.value]);
  return (
    <Dialog title={`Share “${event.title}”`} onClose={onClose}>
      {isOwner && (
        <AddPerson
          known={new Set(rows?.map((row) => row.user_id))}
          onAdd={(one, role) =>
            act(
              () => share(event.id, one.id, role),
              `${nameOf(one)} is ${role} now`,
              () => removePermission(event.id, one.id),
            )
          }
        />
      )}
      {!rows && <div class="skeleton" aria-busy="true" />}
      <ul class="people">
        {rows?.map((row) => (
          <OnePerson key={row.user_id} row={row} event={event} isOwner={isOwner} act={act} />
        ))}
      </ul>
      <dl class="roles">
        {Object.entries(ROLES).map(([role, words]) => (
          <div key={role}>
            <dt>{role}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      {!isOwner && (
        <div class="actions">
          <button
            type="button"
            class="danger"
            onClick={() => {
              onClose();
              close();
              leave(event);
            }}
          >
            Leave this event
          </button>
        </div>
      )}
      {isOwner && rows && (
        <HandingOver
          rows={rows.filter((row) => row.role !== "owner")}
          to={handing.value.get(event.id)}
          onChosen={(row) => giveTo(event, row)}
        />
      )}
    </Dialog>
  );
}

/** Do something; once it is done, say it and offer the way back. */
type Act = (what: () => Promise<unknown>, said?: string, back?: () => Promise<unknown>) => void;

interface HandingProps {
  rows: readonly Permission[];
  /** Who has been chosen, as long as it can be undone. */
  to: string | undefined;
  onChosen: (row: Permission) => void;
}

/** Making somebody else the owner. */
function HandingOver({ rows, to, onChosen }: HandingProps) {
  const [id, setId] = useState("");
  const chosen = rows.find((row) => String(row.user_id) === id);
  if (to) return <p class="muted">{to} becomes the owner in a moment.</p>;
  if (!rows.length) return null;
  return (
    <>
      <select aria-label="Hand the event over to" value={id} onChange={(event) => setId(event.currentTarget.value)}>
        <option value="">Hand the event over to…</option>
        {rows.map((row) => (
          <option key={row.user_id} value={String(row.user_id)}>
            {toldApart(row)}
          </option>
        ))}
      </select>
      {chosen && (
        <div class="actions">
          <span class="grow muted small">After ten seconds only {nameOf(chosen)} can give it back.</span>
          <button
            type="button"
            class="danger"
            onClick={() => {
              setId("");
              onChosen(chosen);
            }}
          >
            Make {nameOf(chosen)} the owner
          </button>
        </div>
      )}
    </>
  );
}

/** Told apart from others of the same name. */
const toldApart = (row: Permission) => (row.display_name ? `${row.display_name} (${row.username})` : row.username);

interface OneProps {
  row: Permission;
  event: CalendarEvent;
  isOwner: boolean;
  act: Act;
}

function OnePerson({ row, event, isOwner, act }: OneProps) {
  const change = (role: string) => {
    if (role === "remove") {
      act(
        () => removePermission(event.id, row.user_id),
        `${nameOf(row)} sees the event no more`,
        () => share(event.id, row.user_id, row.role),
      );
    } else {
      act(
        () => setRole(event.id, row.user_id, role as Role),
        `${nameOf(row)} is ${role} now`,
        () => setRole(event.id, row.user_id, row.role),
      );
    }
  };
  const mayChange = isOwner && row.role !== "owner";
  return (
    <li>
      <span class="avatar" aria-hidden="true">
        {initialOf(nameOf(row))}
      </span>
      <span class="grow">
        {nameOf(row)}
        {row.display_name && <span class="muted"> {row.username}</span>}
        {row.user_id === me.value?.id && <span class="muted"> (you)</span>}
      </span>
      {mayChange ? (
        <select aria-label={`Role of ${toldApart(row)}`} value={row.role} onChange={(event_) => change(event_.currentTarget.value)}>
          <option value="editor">Editor</option>
          <option value="viewer">Viewer</option>
          <option value="remove">Remove</option>
        </select>
      ) : (
        <span class="muted">{row.role}</span>
      )}
    </li>
  );
}

/** With fewer, everybody would be found. */
const LETTERS = 3;

function AddPerson({ known, onAdd }: { known: Set<number>; onAdd: (one: Person, role: Role) => void }) {
  const [typed, setTyped] = useState("");
  const [found, setFound] = useState<Person[] | null>(null);
  const [role, setChosen] = useState<Role>("editor");
  useEffect(() => {
    setFound(null);
    if (typed.trim().length < LETTERS) return;
    let current = true;
    const soon = setTimeout(() => {
      findPeople(typed.trim()).then((people) => current && setFound([...people]), sayProblem);
    }, 150);
    return () => {
      current = false;
      clearTimeout(soon);
    };
  }, [typed]);
  const add = (one: Person) => {
    onAdd(one, role);
    setTyped("");
  };
  return (
    <div class="add-person">
      <div class="pair">
        <span class="search-input">
          <Icon name="search" size={16} />
          <input
            type="search"
            aria-label="Add people by name or e-mail"
            placeholder="Name or e-mail"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </span>
        <select aria-label="Role for new people" value={role} onChange={(event) => setChosen(event.currentTarget.value as Role)}>
          <option value="editor">Editor</option>
          <option value="viewer">Viewer</option>
        </select>
      </div>
      <ul class="found" aria-label="People found">
        {found?.map((one) => (
          <li key={one.id}>
            <button type="button" class="choice row" disabled={known.has(one.id)} onClick={() => add(one)}>
              <span class="avatar" aria-hidden="true">
                {initialOf(nameOf(one))}
              </span>
              <span class="grow">
                {nameOf(one)}
                {one.display_name && <span class="muted"> {one.username}</span>}
              </span>
              <span class="muted">{known.has(one.id) ? "has a role" : `Add as ${role}`}</span>
            </button>
          </li>
        ))}
      </ul>
      <p class="muted small" role="status">
        {typed.trim() && typed.trim().length < LETTERS && `Type ${LETTERS} letters of the name, or more.`}
      </p>
      {found?.length === 0 && <p class="muted small">Nobody is called that. Type the beginning of a name, or a whole e-mail address.</p>}
    </div>
  );
}
