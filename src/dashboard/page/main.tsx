import { render } from "preact";
import uPlot from "uplot";
import type { ChangesReport } from "../../report/changes-report";
import { formatUsd } from "../../report/format/values";
export type X = ChangesReport;

const root = document.getElementById("app");
if (root !== null)
  render(
    <h1 style={{ color: "blue" }}>
      hello {formatUsd(3)} {uPlot.name}
    </h1>,
    root,
  );
