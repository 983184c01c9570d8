import type { ContractGroup } from "../contract-group.ts";
import { ack } from "./ack.ts";
import { backPressure } from "./back-pressure.ts";
import { close } from "./close.ts";
import { competingConsumers } from "./competing-consumers.ts";
import { connection } from "./connection.ts";
import { deDuplication } from "./de-duplication.ts";
import { deadLetters } from "./dead-letters.ts";
import { depths } from "./depths.ts";
import { enqueue } from "./enqueue.ts";
import { hiding } from "./hiding.ts";
import { lanes } from "./lanes.ts";
import { listeners } from "./listeners.ts";
import { listing } from "./listing.ts";
import { oneEnd } from "./one-end.ts";
import { orders } from "./orders.ts";
import { ownership } from "./ownership.ts";
import { redelivery } from "./redelivery.ts";
import { redrive } from "./redrive.ts";
import { release } from "./release.ts";
import { retry } from "./retry.ts";
import { roundTrip } from "./round-trip.ts";
import { settlement } from "./settlement.ts";
import { trash } from "./trash.ts";

/** In the order in which a new adapter best makes them pass. */
export const GROUPS: readonly ContractGroup[] = [
  roundTrip,
  enqueue,
  lanes,
  backPressure,
  ack,
  hiding,
  settlement,
  release,
  retry,
  redelivery,
  ownership,
  deadLetters,
  listing,
  redrive,
  oneEnd,
  trash,
  orders,
  depths,
  listeners,
  deDuplication,
  competingConsumers,
  close,
  connection,
];
