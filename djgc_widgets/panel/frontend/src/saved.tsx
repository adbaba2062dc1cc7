// Filters that are saved by name, beside the notebook.

import { useEffect, useState } from "preact/hooks";
import { Button, Menu, usePanel } from "./ui";

export function Saved({ filtered }: { filtered: boolean }) {
  return (
    <Menu label="Saved ▾" name="Saved filters" look="djgc-link">
      {(close) => <Names filtered={filtered} close={close} />}
    </Menu>
  );
}

function Names({ filtered, close }: { filtered: boolean; close: () => void }) {
  const { ask } = usePanel();
  const [names, setNames] = useState<string[]>();
  const [name, setName] = useState("");
  const list = (): void => {
    ask("objects", "filters").then((value) => value && setNames(value as string[]));
  };
  useEffect(list, []);
  const save = (): void => {
    if (name.trim()) ask("objects", "save", { name }).then(close);
  };
  return (
    <div class="djgc-choices">
      {names?.length === 0 && <p class="djgc-muted">None yet. Filter the list, then save it here.</p>}
      {names?.map((each) => (
        <div class="djgc-line">
          <Button look="djgc-plain" onClick={() => ask("objects", "use", { name: each }).then(close)}>
            {each}
          </Button>
          <span class="djgc-grow" />
          <button
            type="button"
            class="djgc-link"
            aria-label={`Remove the saved filter ${each}`}
            onClick={() => ask("objects", "forget", { name: each }).then(list)}
          >
            ✕
          </button>
        </div>
      ))}
      {filtered && (
        <div class="djgc-line">
          <input
            type="text"
            size={14}
            value={name}
            placeholder="a name"
            aria-label="Name of the filter"
            onInput={(event) => setName(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Enter" && save()}
          />
          <Button disabled={!name.trim()} onClick={save}>
            Save
          </Button>
        </div>
      )}
    </div>
  );
}
