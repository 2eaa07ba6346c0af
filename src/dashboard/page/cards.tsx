import { Fragment } from "preact";
import { formatCount } from "../../report/format/values";
import type { Usage } from "../../report/types";
import { changeOf, FIGURES, knownValue, orUnknown, short, TOKEN_FIGURES } from "./figures";

/** The main figures, each next to that of the previous period, with a note on what is unknown. */
export function Cards({ usage, before }: { readonly usage: Usage; readonly before: Usage | undefined }) {
  return (
    <dl class="cards">
      {FIGURES.map((figure) => {
        const { name, field, format, caveats } = figure;
        const [now, then] = [knownValue(figure, usage), before && knownValue(figure, before)];
        const change = changeOf(figure, now, then);
        return (
          <div class="card" key={name}>
            <dt>{name}</dt>
            <dd>
              <span class="value" data-figure={field} data-value={now}>
                {orUnknown(now, format)}
              </span>
              <span class="change">
                {change ?? "\u00a0"}{" "}
                {change !== undefined && change !== "as before" && (
                  <span class="faint">from {orUnknown(then, format)}</span>
                )}
              </span>
              <span class="caveat">
                {caveats(usage)
                  .filter((caveat) => caveat !== false)
                  .map((caveat, index) => (
                    <Fragment key={caveat}>
                      {index > 0 && " · "}
                      <span>{caveat}</span>
                    </Fragment>
                  ))}
              </span>
            </dd>
          </div>
        );
      })}
      <div class="card tokens">
        <dt>Tokens</dt>
        <dd>
          <ul>
            {TOKEN_FIGURES.map(({ name, field }) => {
              const now = knownValue({ field }, usage);
              const change = changeOf({ compare: "share" }, now, before && knownValue({ field }, before));
              return (
                <li key={field}>
                  <span class="faint">{name}</span>
                  <span class="number" data-figure={field} data-value={now}>
                    {orUnknown(now, short)}
                  </span>
                  <span class="change number">{change ?? ""}</span>
                </li>
              );
            })}
          </ul>
          {usage.withoutUsage > 0 && (
            <span class="caveat">{formatCount(usage.withoutUsage)} without tokens</span>
          )}
        </dd>
      </div>
    </dl>
  );
}
