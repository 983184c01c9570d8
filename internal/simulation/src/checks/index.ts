import { accounting } from "./accounting.ts";
import type { CheckFactory } from "./check.ts";
import { cleanStops } from "./clean-stops.ts";
import { convergence } from "./convergence.ts";
import { exactCallbacks } from "./exact-callbacks.ts";
import { flatAttempts } from "./flat-attempts.ts";
import { flow } from "./flow.ts";
import { healthyPath } from "./healthy-path.ts";
import { honestAnswers } from "./honest-answers.ts";
import { justAges } from "./just-ages.ts";
import { justDeadLetters } from "./just-dead-letters.ts";
import { justSuspects } from "./just-suspects.ts";
import { keptCounts } from "./kept-counts.ts";
import { leftAlone } from "./left-alone.ts";
import { noLaneStands } from "./no-lane-stands.ts";
import { noSilentLoss } from "./no-silent-loss.ts";
import { noTimeTravel } from "./no-time-travel.ts";
import { ownLeases } from "./own-leases.ts";
import { priorities } from "./priorities.ts";
import { readyAgain } from "./ready-again.ts";
import { settledOnce } from "./settled-once.ts";

export const CHECKS: readonly CheckFactory[] = [
  noSilentLoss,
  accounting,
  convergence,
  noTimeTravel,
  honestAnswers,
  exactCallbacks,
  healthyPath,
  flow,
  leftAlone,
  readyAgain,
  priorities,
  flatAttempts,
  justDeadLetters,
  justAges,
  cleanStops,
  noLaneStands,
  settledOnce,
  ownLeases,
  keptCounts,
  justSuspects,
];
