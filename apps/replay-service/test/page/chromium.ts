import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const USUAL = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:/Program Files/Google/Chrome/Application/chrome.exe",
];

/** The Chromium of `HELIX_CHROMIUM`, or of one of the usual places. Rejects with what to do where there is none. */
export async function launchChromium(): Promise<Browser> {
  const { HELIX_CHROMIUM } = process.env;
  const places = HELIX_CHROMIUM ? [HELIX_CHROMIUM] : USUAL;
  const executablePath = places.find((place) => existsSync(place));
  if (executablePath === undefined) {
    const cure = "apt-get install chromium, or say where one is in HELIX_CHROMIUM";
    throw new Error(`The tests of the page need a Chromium (${cure}); there is none at ${places.join(", ")}`);
  }
  // Its sandbox refuses root, which is who runs tests in a container; the pages are our own.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
