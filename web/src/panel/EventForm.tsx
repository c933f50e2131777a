// The fields of an event.
import { useId } from "preact/hooks";
import type { ComponentChildren } from "preact";

import { Icon, type IconName } from "../parts/icons";
import type { Draft } from "../store/drafts";
import { asOf, zone } from "../store/entries";
import { type LONGEST, tooLongWords } from "../text/lengths";
import { momentWords } from "../time/words";
import { Clashes } from "./Clashes";
import { Conflicts } from "./Conflicts";
import type { Editing } from "./editing";
import { finish } from "./opening";
import { Reminders } from "./Reminders";
import { RepeatEditor } from "./RepeatEditor";
import { When } from "./When";

export function EventForm({ editing }: { editing: Editing }) {
  const isReadOnly = !editing.mayEdit.value;
  const save = (anyway: boolean) => void editing.save(anyway).then((saved) => saved && finish(editing));
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        save(false);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save(false);
      }}
    >
      <div class="form-body">
        <Told editing={editing} />
        <Title editing={editing} isReadOnly={isReadOnly} />
        <fieldset disabled={isReadOnly} class="bare">
          <legend class="hidden">Details</legend>
          <When editing={editing} />
          {(!editing.event.value?.occurrence || editing.event.value.is_recurring) && <RepeatEditor editing={editing} />}
          {!isReadOnly && <Conflicts editing={editing} />}
          <Line icon="place">
            <Text editing={editing} name="location" label="Location" />
          </Line>
          <Line icon="text">
            <Description editing={editing} />
          </Line>
          <Line icon="tag">
            <Text editing={editing} name="tags" label="Tags, with commas between them" />
          </Line>
          <Line icon="eye">
            <Availability editing={editing} />
          </Line>
        </fieldset>
        {asOf.value === null && (
          <Line icon="bell">
            <Reminders editing={editing} />
          </Line>
        )}
      </div>
      {isReadOnly ? (
        <p class="form-foot muted">
          {asOf.value
            ? `This is how it was on ${momentWords(asOf.value, zone.value)}. Go back to now to change it.`
            : "You can see this event, but not change it."}
        </p>
      ) : (
        <Foot editing={editing} onSave={save} />
      )}
    </form>
  );
}

export function Line({ icon, children }: { icon?: IconName; children: ComponentChildren }) {
  return (
    <div class="line">
      <span class="line-icon">{icon && <Icon name={icon} />}</span>
      <div class="line-body">{children}</div>
    </div>
  );
}

/** What has happened to the event while it was open, and what came back from before a reload. */
function Told({ editing }: { editing: Editing }) {
  const recovered = editing.recovered.value;
  return (
    <>
      {editing.gone.value && (
        <p class="note warn" role="alert">
          {editing.gone.value} What you typed can still be copied.
        </p>
      )}
      {recovered && (
        <div class="note" role="status">
          <span>What you typed on {momentWords(recovered, zone.value)} is back.</span>
          <button type="button" class="link" onClick={() => editing.discard()}>
            Discard it
          </button>
        </div>
      )}
      <div role="status" aria-live="polite">
        {editing.notes.value.map((note) => (
          <p key={note} class="note merge">
            {note}
          </p>
        ))}
      </div>
      <Clashes editing={editing} />
    </>
  );
}

function Title({ editing, isReadOnly }: { editing: Editing; isReadOnly: boolean }) {
  return (
    <>
      <textarea
        class="title-input"
        rows={1}
        aria-label="Title"
        placeholder="Title"
        readOnly={isReadOnly}
        value={editing.draft.value.title}
        onInput={(event) => editing.set({ title: event.currentTarget.value.replaceAll("\n", " ") })}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          event.currentTarget.form?.requestSubmit();
        }}
      />
      <TooLong what="title" text={editing.draft.value.title.trim()} />
    </>
  );
}

/** Says by how much a text is too long, while it is typed: nothing is cut that somebody has pasted. */
function TooLong({ what, text }: { what: keyof typeof LONGEST; text: string }) {
  return (
    <p class="too-long" role="status">
      {tooLongWords(what, text)}
    </p>
  );
}

interface TextProps {
  editing: Editing;
  name: "location" | "tags";
  label: string;
}

function Text({ editing, name, label }: TextProps) {
  const text = editing.draft.value[name];
  return (
    <>
      <input
        class="bare-input"
        aria-label={label}
        placeholder={name === "tags" ? "Tags" : label}
        value={text}
        onInput={(event) => editing.set({ [name]: event.currentTarget.value } as Partial<Draft>)}
      />
      {name === "location" && <TooLong what="location" text={text.trim()} />}
    </>
  );
}

function Description({ editing }: { editing: Editing }) {
  const text = editing.draft.value.description;
  return (
    <>
      <textarea
        class="bare-input"
        aria-label="Description"
        placeholder="Description"
        rows={4}
        value={text}
        onInput={(event) => editing.set({ description: event.currentTarget.value })}
      />
      <TooLong what="description" text={text} />
    </>
  );
}

function Availability({ editing }: { editing: Editing }) {
  const [shows, status] = [useId(), useId()];
  const draft = editing.draft.value;
  return (
    <div class="pair">
      <label for={shows} class="hidden">
        Show as
      </label>
      <select
        id={shows}
        value={draft.busy ? "busy" : "free"}
        onChange={(event) => editing.set({ busy: event.currentTarget.value === "busy" })}
      >
        <option value="busy">Busy</option>
        <option value="free">Free</option>
      </select>
      <label for={status} class="hidden">
        Status
      </label>
      <select
        id={status}
        value={draft.status}
        onChange={(event) => editing.set({ status: event.currentTarget.value as Draft["status"] })}
      >
        <option value="confirmed">Confirmed</option>
        <option value="tentative">Tentative</option>
        <option value="cancelled">Cancelled</option>
      </select>
    </div>
  );
}

function Foot({ editing, onSave }: { editing: Editing; onSave: (anyway: boolean) => void }) {
  const isNew = !editing.event.value;
  const refused = editing.refused.value;
  return (
    <footer class="form-foot">
      {editing.fault.value && (
        <p class="fault" role="alert">
          {editing.fault.value}
        </p>
      )}
      {refused && (
        <p class="fault" role="alert">
          That time is taken. Choose another, or save it anyway.
        </p>
      )}
      <div class="actions">
        {!isNew && editing.isChanged.value && (
          <button type="button" class="quiet" onClick={() => editing.discard()}>
            Discard
          </button>
        )}
        <span class="grow" />
        {refused && (
          <button type="button" class="danger" onClick={() => onSave(true)}>
            Save anyway
          </button>
        )}
        <button type="submit" class="primary" disabled={editing.saving.value || (!isNew && !editing.isChanged.value)}>
          {isNew ? "Create" : "Save"}
        </button>
      </div>
    </footer>
  );
}
