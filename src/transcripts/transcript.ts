import type { Turn } from "./turn";

/** A file of a session, as it was found. */
export interface TranscriptFile {
  readonly path: string;
  readonly bytes: number;
  readonly writtenAtMs: number;
}

/** Takes the rows of all files of a session, file by file, and returns the turns that they form. */
export interface TranscriptReader {
  beginFile(file: Pick<TranscriptFile, "path">): void;
  /** Takes a row, whatever it is. */
  see(row: unknown, line: number): void;
  /**
   * @param growsFromMs The earliest time of rows that may still be added to the file. Default: that of its last row.
   */
  endFile(growsFromMs: number | undefined): void;
  turns(): Turn[];
}
