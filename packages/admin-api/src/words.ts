import { CLUSTERS, PRIORITIES } from "@helix/core";
import { z } from "zod";

export const cluster = z.enum(CLUSTERS).describe("The cluster.");
export const priority = z.enum(PRIORITIES);
export const timeMs = z.number().nonnegative().describe("Milliseconds since 1970.");
export const durationMs = z.number().nonnegative().describe("Milliseconds.");
export const counted = z.int().nonnegative();

/** What each change has: who orders it, and why. */
export const ordered = {
  by: z.string().trim().min(1).max(200).describe("The person."),
  why: z.string().trim().min(1).max(500).describe("In that person's words, for others."),
};

export const limit = z.int().min(1).max(200).default(50).describe("So many at most.");
/** Its form is its giver's. */
export const cursor = z
  .string()
  .min(1)
  .max(500)
  .describe("What the page before gave; absent: the first page.");
export const nextCursor = z.string().optional().describe("For the next page; absent: there are no more.");
