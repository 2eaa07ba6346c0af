import type { ComponentChildren } from "preact";
import type { Loaded } from "./data";

/** A part of a view, with a heading. */
export function Panel({
  title,
  aside,
  loaded,
  children,
  className = "",
}: {
  readonly title: string;
  readonly aside?: ComponentChildren;
  /** The data that it shows: its problem is shown too, and old data is marked. */
  readonly loaded?: Pick<Loaded<unknown>, "data" | "problem" | "isLoading" | "retry">;
  readonly children?: ComponentChildren;
  readonly className?: string;
}) {
  const isOld = loaded !== undefined && (loaded.isLoading || loaded.problem !== undefined);
  return (
    <section class={`panel ${className}`} aria-busy={loaded?.isLoading === true}>
      <div class="panel-head">
        <h3>{title}</h3>
        {aside}
      </div>
      {loaded?.problem !== undefined && <ProblemNote loaded={loaded} />}
      {loaded !== undefined && loaded.data === undefined && loaded.problem === undefined ? (
        <p class="faint waiting">…</p>
      ) : (
        <div class={isOld ? "old" : ""}>{children}</div>
      )}
    </section>
  );
}

/** What failed, and what to do; and whether the data next to it is outdated. */
export function ProblemNote({
  loaded: { problem, data, retry },
}: {
  readonly loaded: Pick<Loaded<unknown>, "data" | "problem" | "retry">;
}) {
  if (problem === undefined) return null;
  return (
    <div class="problem" role="alert">
      <p>
        <b>{problem.message}</b> {problem.hint}
        {data !== undefined && " What is shown is from before."}
      </p>
      <button type="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

/** A button that looks like the text around it. */
export function TextButton({
  onClick,
  title,
  children,
}: {
  readonly onClick: () => void;
  readonly title?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <button type="button" class="text" onClick={onClick} title={title}>
      {children}
    </button>
  );
}

/** A table that may be wider than the space it has. */
export function TableScroll({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys.
    <section class="table-scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}

/** The `runledger` command that prints the same. */
export function Command({ text }: { readonly text: string }) {
  return (
    <details class="command">
      <summary>Command</summary>
      <div>
        <code>{text}</code>
        <button type="button" class="quiet" onClick={() => void navigator.clipboard?.writeText(text)}>
          Copy
        </button>
      </div>
    </details>
  );
}
