// An app that runs until a signal. The argument says what its close hooks do; see the switch.
import { createApp } from "runledger";

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const never = new Promise<never>(() => {});

const app = createApp({ closeTimeoutMs: process.argv[2] === "hang-briefly" ? 20 : 60_000 });
app.onClose(async () => {
  await Bun.sleep(20);
  print("one closed");
});
app.onClose(async () => {
  await Bun.sleep(20);
  print("two closed");
});

let signals: NodeJS.Signals[] | undefined;
switch (process.argv[2]) {
  case "hang":
  case "hang-briefly":
    app.onClose(() => {
      print("hanging");
      return never;
    });
    break;
  case "fail":
    app.onClose(() => Promise.reject(new Error("the disk is gone")));
    break;
  case "hangup":
    signals = ["SIGHUP"];
    break;
  case "same-signal-twice":
    signals = ["SIGTERM", "SIGINT", "SIGTERM"];
    break;
}

const undo = app.closeOnSignals(signals);
switch (process.argv[2]) {
  case "undo":
    undo();
    undo();
    break;
  case "undo-one-of-two":
    app.closeOnSignals(["SIGTERM"]);
    undo();
    break;
  case "closing-already":
    void app.close();
    break;
  case "closed-already":
    await app.close();
    break;
}

setInterval(() => {}, 60_000);
print(`ready as ${process.pid === 1 ? "process 1" : "an ordinary process"}`);
