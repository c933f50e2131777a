// The sheet of keyboard shortcuts.
import { Dialog } from "../parts/Dialog";
import { SHORTCUTS } from "../shortcuts";

export function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="keys">
        {SHORTCUTS.map(([keys, words]) => (
          <div key={keys}>
            <dt>
              {keys.split(/\s+/).map((key) => (key === "/" && keys.length > 1 ? <span key={key}>/</span> : <kbd key={key}>{key}</kbd>))}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
