import { test } from "bun:test";
import { TRANSCRIPT_SOURCES } from "../../src/transcripts/sources";
import { ClaudeCodeMaker, claudeCodeSteps } from "./claude-code-maker";
import { CodexMaker, codexSteps } from "./codex-maker";
import { assertSumsAreRight } from "./property";

test("whenever transcripts of Claude Code are imported, the sums are those of the requests", () =>
  assertSumsAreRight(TRANSCRIPT_SOURCES["claude-code"], claudeCodeSteps, () => new ClaudeCodeMaker()));

test("whenever transcripts of Codex are imported, the sums are those of the requests", () =>
  assertSumsAreRight(TRANSCRIPT_SOURCES.codex, codexSteps, () => new CodexMaker()));
