import { EARLIER_INSERT } from "../../test/support/ledger";
import { busWith } from "./bus";
import type { StartContender } from "./contender";
import { closeEarlier, earlierValues, openEarlier } from "./earlier-table";

const CHECKPOINT_EVERY_ROWS = 1_000;

/** The earlier design: a prepared INSERT with its own commit in the handler, and a checkpoint every 1000. */
export const startEarlier: StartContender = async (folder) => {
  const database = openEarlier(folder);
  const insert = database.query(EARLIER_INSERT);
  const checkpoint = database.query("PRAGMA wal_checkpoint(PASSIVE)");
  let rows = 0;
  return {
    emit: busWith((event) => {
      insert.run(...earlierValues(event));
      rows += 1;
      if (rows % CHECKPOINT_EVERY_ROWS === 0) checkpoint.all();
    }),
    queued: () => 0,
    flush: async () => {},
    close: async () => closeEarlier(database),
  };
};
