/**
 * Takes a picture of every state of the window, in a Chromium that is installed on this computer, and runs axe on
 * each. `npm run shots -- held` takes only those whose name contains `held`. Pictures go to `shots/`.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";
import { createServer } from "vite";

import { shots } from "./states.mjs";

const browserPath = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));
if (browserPath === undefined) throw new Error("install chromium to take pictures");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const wanted = process.argv[2] ?? "";

mkdirSync("shots", { recursive: true });
const server = await createServer({ server: { port: 0, strictPort: false }, logLevel: "error" });
await server.listen();
const address = server.httpServer?.address();
const origin = `http://localhost:${typeof address === "object" && address !== null ? address.port : 5173}`;
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
let problems = 0;
try {
  for (const shot of shots.filter((known) => known.name.includes(wanted))) {
    const page = await browser.newPage({
      viewport: { width: shot.width ?? 1280, height: shot.height ?? 800 },
      colorScheme: shot.theme ?? "light",
      reducedMotion: "reduce",
      deviceScaleFactor: shot.zoom ?? 1,
    });
    page.setDefaultTimeout(15_000);
    page.setDefaultNavigationTimeout(120_000);
    page.on("pageerror", (error) => {
      problems += 1;
      console.log(`${shot.name}: ${error.stack ?? error.message}`);
    });
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning")
        console.log(`${shot.name}: ${message.text()}`);
    });
    const query = new URLSearchParams({ scene: shot.scene ?? "story", language: shot.language ?? "en" });
    await page.goto(`${origin}/dev.html?${query}`);
    await page.waitForSelector("[data-testid]", { timeout: 30_000 });
    try {
      await shot.act?.(page);
    } catch (error) {
      problems += 1;
      console.log(`${shot.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    await page.waitForTimeout(400);
    await page.screenshot({ path: `shots/${shot.name}.png` });
    await page.evaluate(axe);
    const found = await page.evaluate(() =>
      window.axe.run(
        { exclude: ["[role=menu]", "[data-bits-floating-content-wrapper]"] },
        { resultTypes: ["violations"] },
      ),
    );
    for (const violation of found.violations) {
      problems += 1;
      console.log(`${shot.name}: axe ${violation.id}: ${violation.help}`);
      for (const node of violation.nodes.slice(0, 4)) {
        console.log(
          `    ${node.target.join(" ")}\n    ${node.failureSummary?.split("\n").slice(1, 3).join(" ")}`,
        );
      }
    }
    console.log(`${shot.name}: taken`);
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
process.exitCode = problems === 0 ? 0 : 1;
