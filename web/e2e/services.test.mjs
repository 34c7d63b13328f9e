// Service groups: the services screen shows each with its worst, narrows to one by keyboard and on a
// phone, and a search takes it.
import { after, before, test } from "node:test";
import { declare, launch, open, PHONE, requireServer, signedIn, until, wellMade } from "./browser.mjs";

requireServer();
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

for (const [where, options] of [
  ["at a desk", {}],
  ["on a phone", { size: PHONE }],
]) {
  test(`services are narrowed to a group that stands as its worst does, ${where}`, async () => {
    const { context, page } = await signedIn(browser, options);
    const { number } = await declare(page, "The ledger is torn", { service: "ledger-db", severity: 3 });
    await open(page, "/app/services");
    const groups = page.getByRole("navigation", { name: "Service groups" });
    const ledgers = groups.getByRole("link", { name: /^ledgers/ });
    await until("the group to tell of the incident", async () =>
      /incident/.test((await ledgers.textContent()) ?? ""),
    );
    const services = page
      .getByRole("list", { name: /^(Every service|Services of ledgers)$/ })
      .getByRole("listitem");
    await services.filter({ hasText: "checkout" }).first().waitFor();
    await ledgers.focus();
    await page.keyboard.press("Enter");
    await until("only the ledger to be listed", async () => (await services.count()) === 1);
    await wellMade(page);
    await ledgers.focus();
    await page.keyboard.press("Enter");
    await until("all to be listed again", async () => (await services.count()) > 1);
    await open(page, `/app/search?q=${encodeURIComponent("group:ledgers the ledger is torn")}`);
    const found = page.getByRole("list", { name: "Found" });
    await found.getByText(`#${number}`).first().waitFor();
    await context.close();
  });
}
