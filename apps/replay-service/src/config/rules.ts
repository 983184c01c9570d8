import { createSecureContext, type SecureContextOptions } from "node:tls";
import { tokensIn } from "../admin/tokens-in.ts";
import { envelopeOf } from "../envelope.ts";
import { hostPortOf, insistOnTls } from "./addresses.ts";
import { variableOf } from "./names.ts";
import { type ServiceConfig, settings } from "./schema.ts";
import type { ReadFile } from "./sources.ts";

/** Sections that hold a login and TLS files. */
const LINKS = ["nats", "clusterA", "clusterB"] as const;
type LinkName = (typeof LINKS)[number];
type Tls = Pick<ServiceConfig["nats"], "tlsCaFile" | "tlsCertFile" | "tlsKeyFile" | "tlsServerName">;

/**
 * What each setting alone cannot know: mistakes in how they go together. Settings that are `wrong` by
 * themselves have their default here, or are undefined, whatever the types say.
 */
export function combinedMistakes(config: ServiceConfig, wrong: Wrong, readFile: ReadFile): string[] {
  return [
    ...natsLogin(config),
    ...LINKS.flatMap((link) => [...login(link, config, wrong), ...tls(link, config, wrong, readFile)]),
    ...sameCluster(config),
    ...envelope(config, wrong),
    ...admin(config, wrong, readFile),
    ...amounts(config, wrong),
  ];
}

/** The variables of what is wrong by itself: what else is true of it is not known. */
export type Wrong = ReadonlySet<string>;

function natsLogin({ nats }: ServiceConfig): string[] {
  const ways = (["user", "token", "credsFile"] as const).filter((key) => nats[key] !== undefined);
  if (ways.length < 2) return [];
  const names = ways.map((key) => variableOf("nats", key)).join(", ");
  return [`${names}: expected one way to log in, got ${ways.length}`];
}

function login(link: LinkName, config: ServiceConfig, wrong: Wrong): string[] {
  const { user, password } = config[link];
  return together(link, { user, password }, wrong);
}

/** Both of them, or none. */
function together(
  link: keyof ServiceConfig,
  pair: Readonly<Record<string, unknown>>,
  wrong: Wrong,
): string[] {
  const entries = Object.entries(pair).map(([key, value]) => ({ name: variableOf(link, key), value }));
  if (entries.some(({ name }) => wrong.has(name))) return [];
  const given = entries.find(({ value }) => value !== undefined);
  const absent = entries.find(({ value }) => value === undefined);
  if (given === undefined || absent === undefined) return [];
  return [`${absent.name}: expected together with ${given.name}, got nothing`];
}

function tls(link: LinkName, config: ServiceConfig, wrong: Wrong, readFile: ReadFile): string[] {
  const settings = config[link];
  if (link === "nats" && config.nats.tls === false && insistOnTls(config.nats.servers ?? [])) {
    return [`${variableOf(link, "tls")}: expected true, since there is a tls:// address, got false`];
  }
  const files = (["tlsCaFile", "tlsCertFile", "tlsKeyFile"] as const).filter(
    (key) => settings[key] !== undefined,
  );
  const names = files.map((key) => variableOf(link, key)).join(", ");
  const reason =
    names === "" && settings.tlsServerName !== undefined ? variableOf(link, "tlsServerName") : names;
  if (reason === "") return [];
  if (settings.tls === false)
    return [`${variableOf(link, "tls")}: expected true, since there is ${reason}, got false`];
  const { tlsCertFile, tlsKeyFile } = settings;
  const alone = together(link, { tlsCertFile, tlsKeyFile }, wrong);
  if (alone.length > 0) return alone;
  const context = secureContextOf(settings, readFile);
  // OpenSSL passes over what is no certificate: nobody would be trusted, and nobody told.
  if (context.ca?.includes("-----BEGIN CERTIFICATE-----") === false) {
    return [`${variableOf(link, "tlsCaFile")}: expected PEM certificates, got a file without any`];
  }
  return pemMistakes(names, context);
}

function pemMistakes(names: string, context: SecureContextOptions): string[] {
  try {
    createSecureContext(context);
    return [];
  } catch (error) {
    const { message } = error as Error;
    return [`${names}: expected PEM files that belong together, got files that OpenSSL refuses (${message})`];
  }
}

/** The contents of the files, read each time that they are looked at, and the name, as Node takes them. */
export function secureContextOf(
  { tlsCaFile, tlsCertFile, tlsKeyFile, tlsServerName }: Tls,
  readFile: ReadFile,
): { ca?: string; cert?: string; key?: string; servername?: string } {
  const context = tlsServerName === undefined ? {} : { servername: tlsServerName };
  for (const [name, path] of Object.entries({ ca: tlsCaFile, cert: tlsCertFile, key: tlsKeyFile })) {
    if (path === undefined) continue;
    Object.defineProperty(context, name, { get: () => readFile(path), enumerable: true });
  }
  return context;
}

/** Both names for one cluster: every write would be replayed where it already is. */
function sameCluster({ clusterA, clusterB }: ServiceConfig): string[] {
  const nodes = ({ contactPoints = [], port }: Partial<ServiceConfig["clusterA"]>) =>
    contactPoints.map((point) => {
      const address = hostPortOf(point);
      return `${address?.host}:${address?.port ?? port}`;
    });
  const ofA = nodes(clusterA);
  const shared = nodes(clusterB).find((node) => ofA.includes(node));
  if (shared === undefined) return [];
  const names = [variableOf("clusterA", "contactPoints"), variableOf("clusterB", "contactPoints")];
  return [`${names.join(", ")}: expected nodes of two clusters, got ${shared} in both`];
}

function envelope({ envelope: { keys, sealedOnly } }: ServiceConfig, wrong: Wrong): string[] {
  const name = variableOf("envelope", "keys");
  if (wrong.has(name)) return [];
  if (keys === undefined) {
    const only = variableOf("envelope", "sealedOnly");
    return sealedOnly ? [`${name}: expected together with ${only}, got nothing`] : [];
  }
  try {
    envelopeOf(keys);
    return [];
  } catch (error) {
    return [`${name}: ${(error as Error).message.replace(/^E/, "e")}`];
  }
}

/** Where each right's tokens are. */
export const TOKEN_LISTS = ["readTokens", "operateTokens", "destroyTokens", "valuesTokens"] as const;

function admin({ admin }: ServiceConfig, wrong: Wrong, readFile: ReadFile): string[] {
  const name = (key: keyof ServiceConfig["admin"]) => variableOf("admin", key);
  const lists = TOKEN_LISTS.filter((key) => admin[key] !== undefined && !wrong.has(name(key)));
  const mistakes = lists.flatMap((key) => {
    const { good, bad } = tokensIn(admin[key]?.() ?? "");
    if (bad === 0 && good.length > 0) return [];
    const got = good.length + bad === 0 ? "none" : `${bad} that are none`;
    return [`${name(key)}: expected tokens of 32 characters or more of A-Z a-z 0-9 . _ ~ + / -, got ${got}`];
  });
  const { host, tlsCertFile, tlsKeyFile, allowPlainHttp } = admin;
  const tls = together("admin", { tlsCertFile, tlsKeyFile }, wrong);
  mistakes.push(...tls, ...(tls.length > 0 ? [] : certificateMistakes(admin, readFile)));
  const isPlain = tlsCertFile === undefined && tls.length === 0 && !wrong.has(name("tlsCertFile"));
  if (lists.length > 0 && isPlain && !allowPlainHttp && !wrong.has(name("host")) && !isLoopback(host)) {
    const cure = `${name("tlsCertFile")} and ${name("tlsKeyFile")}, or ${name("allowPlainHttp")}=true`;
    mistakes.push(
      `${name("host")}: expected an address of this machine alone, such as 127.0.0.1, without ${cure}, got "${host}"`,
    );
  }
  return mistakes;
}

function certificateMistakes(
  { tlsCertFile, tlsKeyFile }: ServiceConfig["admin"],
  readFile: ReadFile,
): string[] {
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return [];
  const names = [variableOf("admin", "tlsCertFile"), variableOf("admin", "tlsKeyFile")];
  return pemMistakes(names.join(", "), { cert: readFile(tlsCertFile), key: readFile(tlsKeyFile) });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function amounts(config: ServiceConfig, wrong: Wrong): string[] {
  const values = config as unknown as Readonly<Record<string, Readonly<Record<string, number>>>>;
  const mistakes = settings().flatMap(({ section, key, setting: { atLeast } }) => {
    if (atLeast === undefined) return [];
    const [value, least] = [Number(values[section]?.[key]), Number(values[section]?.[atLeast])];
    if (!(value < least) || [key, atLeast].some((one) => wrong.has(variableOf(section, one)))) return [];
    return [
      `${variableOf(section, key)}: expected at least ${variableOf(section, atLeast)} (${least}), got ${value}`,
    ];
  });
  const { replicas } = config.queue;
  if (replicas % 2 === 0) {
    mistakes.push(`${variableOf("queue", "replicas")}: expected 1, 3 or 5, got ${replicas}`);
  }
  return mistakes;
}
