import { Database } from "bun:sqlite";
import { EARLIER_DESIGN, EARLIER_INSERT } from "../support/ledger";

// Usage: earlier-program.ts DB_PATH ROWS. What a program of the earlier one-table design does: prints its rows.
const [dbPath = "", rows] = process.argv.slice(2);
using database = new Database(dbPath);
database.run("PRAGMA journal_mode = WAL");
database.run(EARLIER_DESIGN);
using insert = database.prepare(EARLIER_INSERT);
for (let row = 0; row < Number(rows); row += 1) {
  const isKnown = row % 2 === 0;
  insert.run(
    `delivery-${row}`,
    `o/r${row % 3}`,
    row,
    "push",
    "anthropic",
    "m",
    isKnown ? 10 : 0,
    isKnown ? 2 : 0,
    0,
    0,
    1000,
    isKnown ? 0.5 : 0,
    "success",
    null,
    isKnown ? 3 : null,
    null,
  );
}
using select = database.prepare("SELECT * FROM executions ORDER BY id");
process.stdout.write(JSON.stringify(select.all()));
