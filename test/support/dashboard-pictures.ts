import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { LOCALE, startBrowser } from "./browser";
import { makeDashboardLedger } from "./dashboard-ledger";
import { serveDashboard } from "./dashboard-server";

// Takes the pictures of the dashboard that the documentation shows: `bun test/support/dashboard-pictures.ts`.

const DOCS = resolve(import.meta.dir, "../../docs");
const VIEWPORT = { width: 1280, height: 860 };

const folder = mkdtempSync(join(tmpdir(), "runledger-pictures-"));
const db = join(folder, "telemetry.db");
makeDashboardLedger(db, Date.now());
const [browser, dashboard] = await Promise.all([startBrowser(), serveDashboard(db)]);
for (const colorScheme of ["light", "dark"] as const) {
  const page = await browser.newPage({ viewport: VIEWPORT, colorScheme, locale: LOCALE });
  await page.goto(`${dashboard.url}?changes=model`);
  await page.locator("figure canvas").first().waitFor();
  await page.locator(".waiting, .old").first().waitFor({ state: "detached" });
  await page.screenshot({ path: join(DOCS, `dashboard-${colorScheme}.png`) });
  await page.close();
}
await browser.close();
await dashboard.close();
rmSync(folder, { recursive: true });
