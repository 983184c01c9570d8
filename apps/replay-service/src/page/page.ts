import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const HTML = "index.html";
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** The first that a browser takes is what it gets. */
export const CODINGS = ["br", "gzip"] as const;
type Coding = (typeof CODINGS)[number];

/** One file of the page, ready to be sent. */
export interface PageFile {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly coded: Readonly<Partial<Record<Coding, Buffer>>>;
}

/** The files by their paths. It is read once: what is changed in the folder is not seen. */
export type Page = ReadonlyMap<string, PageFile>;

/** Where the page lies: beside the built program, or, from source, where it is built. */
export function pageFolder(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "../../../replay-page/dist/" : "page/", import.meta.url);
}

/** Resolves in any case: without a page that can be read, `/` says so in words. */
export async function loadPage(folder: URL): Promise<Page> {
  try {
    const names = (await readdir(folder)).filter((name) => extname(name) in TYPES);
    const files = await Promise.all(
      names.map(async (name) => [pathOf(name), await load(folder, name)] as const),
    );
    const page = new Map(files);
    return page.has("/") ? page : absent("ENOENT");
  } catch (error) {
    return absent(String((error as { code?: unknown }).code));
  }
}

function pathOf(name: string): string {
  return name === HTML ? "/" : `/${name}`;
}

async function load(folder: URL, name: string): Promise<PageFile> {
  const body = await readFile(new URL(name, folder));
  return fileOf(body, {
    "content-type": TYPES[extname(name)] ?? "",
    // The others are named by what is in them.
    "cache-control": name === HTML ? "no-cache" : "public, max-age=31536000, immutable",
  });
}

async function fileOf(
  body: Buffer,
  headers: Readonly<Record<string, string>>,
  status = 200,
): Promise<PageFile> {
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
    promisify(gzip)(body, { level: 9 }),
  ]);
  const digest = createHash("sha256").update(body).digest("base64url").slice(0, 22);
  return { status, headers: { ...headers, etag: `W/"${digest}"` }, body, coded: { br, gzip: gz } };
}

async function absent(code: string): Promise<Page> {
  const words = `The page cannot be shown, since it is not there (${code}).\nFrom source it is built by\n\n  npx -y pnpm@12 exec turbo run build --filter @helix/replay-page\n\nStart the pod again then. The admin API under v1/ answers all the same, and so does the command line, helix.\n`;
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  return new Map([["/", await fileOf(Buffer.from(words), headers, 503)]]);
}
