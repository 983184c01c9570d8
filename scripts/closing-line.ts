import { inspect } from "node:util";
import type { Reporter, TestModule } from "vitest/node";

/** Ends a run with what failed, a line each, and one line that a person and a machine can read: `N passed, N failed`. */
export class ClosingLine implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    reason: "passed" | "failed" | "interrupted",
  ): void {
    const failures: string[] = unhandledErrors.map((error) => `outside of the tests: ${textOf(error)}`);
    let passed = 0;
    let skipped = 0;
    for (const module of modules) {
      const file = module.relativeModuleId;
      for (const error of module.errors()) failures.push(`${file}: ${firstLine(error.message)}`);
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === "passed") passed++;
        else if (state === "failed") {
          failures.push(`${file} > ${test.fullName}: ${firstLine(errors[0]?.message)}`);
        } else skipped++;
      }
    }
    // A run that could not even begin has no test that failed.
    if (reason !== "passed" && failures.length === 0) failures.push(`the run was ${reason}`);
    for (const failure of failures) process.stdout.write(`failed: ${failure}\n`);
    process.stdout.write(
      `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`,
    );
  }
}

/** Errors come from other processes, as objects that need not have a prototype. */
function textOf(error: unknown): string {
  const { message } = Object(error);
  return firstLine(typeof message === "string" ? message : inspect(error));
}

function firstLine(message = ""): string {
  return message.split("\n", 1)[0] ?? "";
}
