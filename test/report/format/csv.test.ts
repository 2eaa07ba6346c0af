import { expect, test } from "bun:test";
import { formatCsv } from "../../../src/report/format/csv";

test("CSV is that of RFC 4180", () => {
  expect(formatCsv([["a,b", 'say "x"', "two\r\nlines", "one\rreturn", "plain", null, "", 0.1, 12_345]])).toBe(
    '"a,b","say ""x""","two\r\nlines","one\rreturn",plain,,,0.1,12345\r\n',
  );
  expect(formatCsv([])).toBe("");
});

test("text that a spreadsheet would take for a formula is none, numbers stay numbers", () => {
  expect(formatCsv([["=1+1", "+1", "-1", "@sum", "\ttab", -1, 1e21]])).toBe(
    "'=1+1,'+1,'-1,'@sum,'\ttab,-1,1e+21\r\n",
  );
});
