// A dialog over the page: the browser's own, which keeps the focus inside and closes by Escape.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { Icon } from "./icons";
import { Toasts } from "./Toasts";

interface Props {
  title: string;
  onClose?: () => void;
  wide?: boolean;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, wide, children }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  // Before it is painted: the next key is meant for it.
  useLayoutEffect(() => {
    const [before, dialog] = [document.activeElement, element.current];
    dialog?.showModal();
    return () => {
      dialog?.close(); // as long as it is open, nothing behind it takes the focus
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={wide ? "dialog wide" : "dialog"}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose?.();
      }}
    >
      <div class="dialog-inner">
        <header class="dialog-head">
          <h2>{title}</h2>
          {onClose && (
            <button type="button" class="quiet round" aria-label="Close" onClick={onClose}>
              <Icon name="close" />
            </button>
          )}
        </header>
        {children}
      </div>
      <Toasts />
    </dialog>
  );
}
