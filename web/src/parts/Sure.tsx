// A button that asks once more, for what cannot be taken back.
import { useState } from "preact/hooks";

interface SureProps {
  words: string;
  question: string;
  onSure: () => void;
}

export function Sure({ words, question, onSure }: SureProps) {
  const [asked, setAsked] = useState(false);
  return (
    <div class="actions">
      {asked && <span class="grow">{question}</span>}
      {asked && (
        <button type="button" onClick={() => setAsked(false)}>
          Cancel
        </button>
      )}
      <button type="button" class="danger" onClick={() => (asked ? onSure() : setAsked(true))}>
        {words}
      </button>
    </div>
  );
}
