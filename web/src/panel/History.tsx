// The past of an event: its versions, what each changed, side by side with the difference marked, and the way back.
import { useEffect, useState } from "preact/hooks";

import { Problem } from "../api/client";
import {
  type Blame,
  type CalendarEvent,
  type Change,
  listChanges,
  listVersions,
  readBlame,
  rollBack,
  type Version,
} from "../api/events";
import { takeVersionBack } from "../store/actions";
import { reload } from "../store/entries";
import { say, sayProblem } from "../store/undo";
import type { Around } from "../text/past";
import { authorName, initialOf } from "../text/people";
import { agoWords, momentWords } from "../time/words";
import { zone } from "../store/entries";
import { around, Difference, fieldWords } from "./Difference";

interface Past {
  versions: Version[];
  changes: Change[];
  blame: Blame;
}

export function History({ event }: { event: CalendarEvent }) {
  const [past, setPast] = useState<Past | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    const read = async () => {
      const [versions, changes, blame] = await Promise.all([
        listVersions(event.id),
        listChanges(event.id),
        readBlame(event.id),
      ]);
      setPast({ versions, changes, blame });
    };
    read().catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
      setFault(error.words);
    });
  }, [event.id, event.version]);
  if (fault) return <p class="panel-empty">{fault}</p>;
  if (!past) return <div class="skeleton" aria-busy="true" />;
  const mayEdit = event.role !== "viewer";
  const seen = around(event);
  const newest = past.versions[0]?.version_number ?? 0;
  return (
    <div class="history">
      <h2 class="history-title">{event.title}</h2>
      <ol class="timeline">
        {past.versions.map((version) => (
          <OneVersion
            key={version.version_number}
            version={version}
            changes={past.changes.filter((one) => one.version_number === version.version_number)}
            seen={seen}
            isNewest={version.version_number === newest}
            mayEdit={mayEdit}
          />
        ))}
      </ol>
      <Blamed blame={past.blame} seen={seen} />
    </div>
  );
}

interface VersionProps {
  version: Version;
  changes: Change[];
  seen: Around;
  isNewest: boolean;
  mayEdit: boolean;
}

function OneVersion({ version, changes, seen, isNewest, mayEdit }: VersionProps) {
  const [isOpen, setOpen] = useState(isNewest);
  const number = version.version_number;
  const kind = version.kind === "updated" ? "changed" : version.kind;
  const what = changes.length && number > 1 ? changes.map((one) => fieldWords(one.field_name, seen)).join(", ") : "";
  return (
    <li class={isNewest ? "version newest" : "version"}>
      <div class="version-head">
        <span class="avatar" aria-hidden="true">
          {initialOf(authorName(version))}
        </span>
        <div class="grow">
          <p>
            <strong title={version.author}>{authorName(version)}</strong> {kind} {what && <span>{what}</span>}
          </p>
          <p class="muted small" title={momentWords(version.created_at, zone.value)}>
            {agoWords(version.created_at)}, version {number}
            {version.change_description && `: “${version.change_description}”`}
          </p>
        </div>
        {number > 1 && changes.length > 0 && (
          <button
            type="button"
            class="quiet small"
            aria-expanded={isOpen}
            aria-label={`${isOpen ? "Hide" : "Show"} what version ${number} changed`}
            onClick={() => setOpen(!isOpen)}
          >
            {isOpen ? "Hide" : "Show"}
          </button>
        )}
      </div>
      {isOpen && number > 1 && (
        <div class="version-changes">
          {changes.map((change) => (
            <div key={change.id} class="change">
              <div class="change-head">
                <span class="muted">{fieldWords(change.field_name, seen)}</span>
                {mayEdit && (
                  <button
                    type="button"
                    class="link"
                    aria-label={`Bring back ${fieldWords(change.field_name, seen)} from before version ${number}`}
                    onClick={() => void bringBack(version.event_id, number - 1, [change.field_name], seen)}
                  >
                    Bring back the old one
                  </button>
                )}
              </div>
              <Difference field={change.field_name} before={change.old_value} after={change.new_value} seen={seen} />
            </div>
          ))}
        </div>
      )}
      {!isNewest && mayEdit && version.kind !== "deleted" && version.kind !== "rejoined" && (
        <p class="version-foot">
          <button
            type="button"
            class="link small"
            aria-label={`Restore version ${number}`}
            onClick={() => void bringBack(version.event_id, number, undefined, seen)}
          >
            Restore this version
          </button>
        </p>
      )}
    </li>
  );
}

/** Roll back to a version, or some fields of it. */
async function bringBack(id: number, version: number, fields: string[] | undefined, seen: Around): Promise<void> {
  try {
    const saved = await rollBack(id, version, fields);
    const what = fields ? fields.map((field) => fieldWords(field, seen)).join(", ") : `version ${version}`;
    say(`“${saved.title}”: ${what} brought back`, () => takeVersionBack(id, saved.version));
    await reload();
  } catch (error) {
    sayProblem(error);
  }
}

function Blamed({ blame, seen }: { blame: Blame; seen: Around }) {
  return (
    <details class="blame">
      <summary>Who set what last</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Last changed by</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(blame.fields).map(([field, one]) => (
            <tr key={field}>
              <th scope="row">{fieldWords(field, seen)}</th>
              <td title={one.author}>{authorName(one)}</td>
              <td class="muted" title={momentWords(one.created_at, zone.value)}>
                {agoWords(one.created_at)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
