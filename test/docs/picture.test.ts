import { expect, test } from "bun:test";
import { join } from "node:path";
import { ROOT } from "../support/docs";
import { reportPicture } from "../support/report-picture";
import { tempDir } from "../support/temp-dir";

const PICTURE = join(ROOT, "docs/report.svg");

test("the picture of the report shows what the command prints; UPDATE_GOLDEN=1 draws it anew", async () => {
  const picture = await reportPicture(tempDir());
  if (process.env["UPDATE_GOLDEN"] === "1") await Bun.write(PICTURE, picture);
  expect(picture).toBe(await Bun.file(PICTURE).text());
});
