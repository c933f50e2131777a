// What has just happened, with a button that takes it back.
import { dismiss, toasts, undo } from "../store/undo";
import { Icon } from "./icons";

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={toast.isError ? "toast error" : "toast"}>
          <span>{toast.text}</span>
          {toast.undo && (
            <button type="button" class="link" onClick={() => void undo(toast)}>
              Undo
            </button>
          )}
          <button type="button" class="quiet round small" aria-label="Dismiss" onClick={() => dismiss(toast.id)}>
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
