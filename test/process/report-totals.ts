import { openLedger, usageReport } from "runledger/report";

// `report-totals.ts <path>` prints the totals of a ledger, or the code and the hint of the error.

try {
  await using ledger = await openLedger(process.argv[2] ?? "");
  const { totals } = await usageReport(ledger);
  process.stdout.write(JSON.stringify(totals));
} catch (error) {
  process.stdout.write(JSON.stringify(error));
}
