import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ProviderUnavailableError } from "../servers/first-usable.ts";
import { findJava } from "./java.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "helix-java-"));
});

afterEach(() => rm(directory, { recursive: true }));

/** A home whose `java` says that it is of that version. */
async function home(version: string): Promise<string> {
  const bin = path.join(directory, version, "bin");
  await mkdir(bin, { recursive: true });
  const script = `#!/bin/sh\necho 'openjdk version "${version}" 2025-04-15' >&2\n`;
  await writeFile(path.join(bin, "java"), script, { mode: 0o755 });
  return path.dirname(bin);
}

const find = (env: NodeJS.ProcessEnv) => findJava(env, new AbortController().signal);

describe("the search for a Java", () => {
  it("takes the first usable one of JAVA_HOME and the search path", async () => {
    const [old, seventeen, twentyOne] = await Promise.all(["11.0.2", "17.0.15", "21.0.8"].map(home));
    const search = `${seventeen}/bin`;
    expect(await find({ JAVA_HOME: twentyOne, PATH: search })).toEqual({
      command: `${twentyOne}/bin/java`,
      version: 21,
    });
    expect(await find({ JAVA_HOME: old, PATH: search })).toEqual({ command: "java", version: 17 });
  });

  it("takes HELIX_JAVA and no other where it is set", async () => {
    const [old, seventeen] = await Promise.all(["1.8.0_292", "17.0.15"].map(home));
    const HELIX_JAVA = `${seventeen}/bin/java`;
    expect(await find({ HELIX_JAVA })).toEqual({ command: HELIX_JAVA, version: 17 });
    await expect(find({ HELIX_JAVA: `${old}/bin/java`, JAVA_HOME: seventeen })).rejects.toThrow(
      "no Java 17 or 21 (HELIX_JAVA is Java 1)",
    );
  });

  it("says what it has found instead", async () => {
    const JAVA_HOME = await home("25.0.2");
    const failure = find({ JAVA_HOME, PATH: directory });
    await expect(failure).rejects.toBeInstanceOf(ProviderUnavailableError);
    await expect(failure).rejects.toThrow(
      "no Java 17 or 21 (JAVA_HOME is Java 25, the search path has none that runs)",
    );
  });
});
