import { openLedger } from "../report/database/open-ledger";
import { shellWord } from "../shell-words";
import { incidents, sums, unadopted } from "./contents";
import { freePages, indexes, integrity, readers, schema, writeAheadLog } from "./database";
import { checkPermissions, checkRescued, checkSpill } from "./files";
import { type Check, type Finding, type Patient, toFinding } from "./finding";
import { forwarding } from "./forwarding";
import { prices } from "./prices";

const CHECKS: readonly Check[] = [
  schema,
  indexes,
  integrity,
  sums,
  prices,
  unadopted,
  forwarding,
  incidents,
  freePages,
  writeAheadLog,
  readers,
];

/**
 * Checks a ledger without making its writer wait. A check that fails to run is a finding too.
 *
 * @throws {RunledgerError} `LEDGER_NOT_FOUND`
 */
export async function* examine(dbPath: string, isQuick: boolean): AsyncGenerator<Finding> {
  // These come first, because opening the ledger adds files beside it.
  const permissions = checkPermissions(dbPath);
  const spill = checkSpill(dbPath);
  const opened = await openLedger(dbPath).catch(toFinding("opening"));
  if ("check" in opened) {
    // Permissions are not reported, because it may be another program's file, or a folder.
    yield spill;
    yield checkRescued(dbPath);
    yield opened;
    return;
  }
  yield permissions;
  yield spill;
  yield checkRescued(dbPath);
  await using ledger = opened;
  const patient: Patient = { dbPath, dbWord: shellWord(dbPath), ledger };
  for (const { name, run, isLong } of CHECKS) {
    if (isQuick && isLong === true) continue;
    yield await run(patient).then((found) => ({ check: name, ...found }), toFinding(name));
  }
}
