import { describe, expect, test } from "bun:test";
import type { Answer, Question } from "../../src/dashboard/questions";
import { type Reader, Readers } from "../../src/dashboard/readers";

const question = (path: string): Question => ({ path, search: "" });
const answerTo = ({ path }: Question): Answer => ({ contentType: "text/plain", text: path });

/** What a test leaves unanswered is not cut off while others run. */
const NEVER_MS = 2 ** 31 - 1;

/** Readers whose answers the test gives. */
function setUp(deadlineMs = NEVER_MS) {
  const asked: { question: Question; answer: PromiseWithResolvers<Answer>; reader: number }[] = [];
  let started = 0;
  const ended: number[] = [];
  const start = (): Reader => {
    started += 1;
    const reader = started;
    return {
      ask(question) {
        const answer = Promise.withResolvers<Answer>();
        asked.push({ question, answer, reader });
        return answer.promise;
      },
      close: async () => {},
      end: () => void ended.push(reader),
    };
  };
  const readers = new Readers({ start, isSlow: ({ path }) => path.startsWith("slow"), deadlineMs });
  const paths = () => asked.map(({ question }) => question.path);
  const give = (path: string) => {
    const found = asked.find(({ question }) => question.path === path);
    found?.answer.resolve(answerTo(found.question));
  };
  return { readers, asked, ended, paths, give, ask: (path: string) => readers.ask(question(path)) };
}

/** What it came to, without waiting. */
async function settled(promise: Promise<Answer>): Promise<string> {
  return promise.then(
    ({ text }) => text,
    (error) => error.code ?? String(error),
  );
}

describe("two readers", () => {
  test("answer one question each at a time, and keep one of them free of slow ones", async () => {
    const { ask, paths, give } = setUp();
    const all = ["slow 1", "slow 2", "quick 1", "quick 2"].map(ask);
    expect(paths()).toEqual(["slow 1", "quick 1"]);
    give("quick 1");
    await all[2];
    await Bun.sleep(0);
    expect(paths()).toEqual(["slow 1", "quick 1", "quick 2"]);
    give("slow 1");
    await all[0];
    await Bun.sleep(0);
    expect(paths()).toEqual(["slow 1", "quick 1", "quick 2", "slow 2"]);
    give("quick 2");
    give("slow 2");
    expect((await Promise.all(all)).map(({ text }) => text)).toEqual([
      "slow 1",
      "slow 2",
      "quick 1",
      "quick 2",
    ]);
  });

  test("give up what takes too long; others go on with a new one, until two are still at it", async () => {
    const { ask, give, ended, asked } = setUp(1);
    expect(await settled(ask("slow 1"))).toBe("TOO_SLOW");
    expect(ended).toEqual([1]);
    expect(await settled(ask("slow 2"))).toBe("TOO_SLOW");
    expect(asked.map(({ reader }) => reader)).toEqual([1, 2]);
    expect(await settled(ask("slow 3"))).toBe("BUSY");
    give("slow 1");
    await Bun.sleep(0);
    expect(await settled(ask("slow 4"))).toBe("TOO_SLOW");
  });

  test("pass on what a reader throws, and ask it again", async () => {
    const { ask, asked } = setUp();
    const failing = ask("slow 1");
    asked[0]?.answer.reject(new Error("no"));
    expect(await settled(failing)).toBe("Error: no");
    void ask("slow 2");
    await Bun.sleep(0);
    expect(asked.map(({ reader }) => reader)).toEqual([1, 1]);
  });

  test("leave out what nobody waits for any more", async () => {
    const { ask, readers, give, paths } = setUp();
    const first = ask("slow 1");
    const gone = new AbortController();
    const second = settled(readers.ask(question("slow 2"), gone.signal));
    const third = ask("slow 3");
    gone.abort();
    give("slow 1");
    await first;
    expect(await second).toBe("BUSY");
    expect(paths()).toEqual(["slow 1", "slow 3"]);
    give("slow 3");
    await third;
  });

  test("refuse more than wait for them", async () => {
    const { ask } = setUp();
    const many = Array.from({ length: 200 }, (_, number) => ask(`slow ${number}`));
    for (const one of many) one.catch(() => {});
    expect(await settled(many.at(-1) ?? Promise.reject())).toBe("BUSY");
  });
});
