// Who sees an event and what each may do.
import { useEffect, useState } from "preact/hooks";

import {
  type CalendarEvent,
  findPeople,
  handOver,
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
import { Sure } from "../parts/Sure";
import { reload } from "../store/entries";
import { say, sayProblem } from "../store/undo";

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
  useEffect(() => void read().catch(sayProblem), [event.id]);
  const leave = () => {
    const mine = me.value;
    if (!mine) return;
    removePermission(event.id, mine.id).then(() => {
      say(`You left “${event.title}”`);
      onClose();
      close();
      void reload();
    }, sayProblem);
  };
  return (
    <Dialog title={`Share “${event.title}”`} onClose={onClose}>
      {isOwner && (
        <AddPerson
          known={new Set(rows?.map((row) => row.user_id))}
          onAdd={(one, role) =>
            act(
              () => share(event.id, one.id, role),
              `${one.username} is ${role} now`,
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
        <Sure
          words="Leave this event"
          question="You cannot undo this: only its owner can let you in again."
          onSure={leave}
        />
      )}
      {isOwner && rows && (
        <HandingOver
          rows={rows.filter((row) => row.role !== "owner")}
          onChosen={(row) =>
            act(() => handOver(event.id, row.user_id), `The event is ${row.username}’s now; you stay as an editor`)
          }
        />
      )}
    </Dialog>
  );
}

/** Do something; once it is done, say it and offer the way back. */
type Act = (what: () => Promise<unknown>, said?: string, back?: () => Promise<unknown>) => void;

/** Making somebody else the owner: chosen, then asked once more. */
function HandingOver({ rows, onChosen }: { rows: readonly Permission[]; onChosen: (row: Permission) => void }) {
  const [to, setTo] = useState("");
  const chosen = rows.find((row) => String(row.user_id) === to);
  if (!rows.length) return null;
  return (
    <>
      <select aria-label="Hand the event over to" value={to} onChange={(event) => setTo(event.currentTarget.value)}>
        <option value="">Hand the event over to…</option>
        {rows.map((row) => (
          <option key={row.user_id} value={String(row.user_id)}>
            {row.username}
          </option>
        ))}
      </select>
      {chosen && (
        <Sure
          key={to}
          words={`Make ${chosen.username} the owner`}
          question={`You cannot undo this: only ${chosen.username} can give it back.`}
          onSure={() => {
            setTo("");
            onChosen(chosen);
          }}
        />
      )}
    </>
  );
}

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
        `${row.username} sees the event no more`,
        () => share(event.id, row.user_id, row.role),
      );
    } else {
      act(
        () => setRole(event.id, row.user_id, role as Role),
        `${row.username} is ${role} now`,
        () => setRole(event.id, row.user_id, row.role),
      );
    }
  };
  const mayChange = isOwner && row.role !== "owner";
  return (
    <li>
      <span class="avatar" aria-hidden="true">
        {row.username.slice(0, 1).toUpperCase()}
      </span>
      <span class="grow">
        {row.display_name ?? row.username}
        {row.display_name && <span class="muted"> {row.username}</span>}
        {row.user_id === me.value?.id && <span class="muted"> (you)</span>}
      </span>
      {mayChange ? (
        <select aria-label={`Role of ${row.username}`} value={row.role} onChange={(event_) => change(event_.currentTarget.value)}>
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
                {one.username.slice(0, 1).toUpperCase()}
              </span>
              <span class="grow">
                {one.display_name ?? one.username} <span class="muted">{one.username}</span>
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
