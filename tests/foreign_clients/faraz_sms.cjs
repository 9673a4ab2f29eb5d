// Drives @aspianet/faraz-sms. Not a byte of it is changed: it speaks to http://rest.ippanel.com, and the sandbox is its
// proxy. Its page shows the arguments of both sends in another order than its functions take them.
const assert = require("node:assert");
const path = require("node:path");

const sms = require(path.join(process.env.NODE_FOLDER, "node_modules", "@aspianet", "faraz-sms"));
const { SANDBOX_URL: url, SANDBOX_KEY: key, SANDBOX_SENDER: sender } = process.env;
const recipient = "09120000000";

async function control(name, body) {
  const options = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const answer = await fetch(`${url}/_sandbox/${name}`, options);
  assert(answer.ok, await answer.text());
}

function tell(name, got) {
  console.log(`  ${name}: ${JSON.stringify(got)}`);
  return got;
}

async function main() {
  await control("inbox", { from: recipient, number: sender, message: "پاسخ" });
  sms.farazSMS.init(key);
  assert(tell("farazAuth", (await sms.farazAuth()).data.user.username).length > 0);
  assert(tell("farazCredit", (await sms.farazCredit()).data.credit) > 0);
  const sent = tell("farazSendSMS", (await sms.farazSendSMS(sender, [recipient], "سلام از Node")).data);
  const message = tell("farazGetSMS", (await sms.farazGetSMS(sent.bulk_id)).data.message);
  assert.equal(message.message, "سلام از Node");
  const statuses = (await sms.farazGetMessageRecipientsStatus(sent.bulk_id)).data.recipients;
  assert.equal(tell("farazGetMessageRecipientsStatus", statuses)[0].status, "delivered");
  const inbox = tell("farazFetchInboxMessages", (await sms.farazFetchInboxMessages()).data.messages);
  assert.equal(inbox[0].message, "پاسخ");
  const pattern = tell("farazCreatePattern", (await sms.farazCreatePattern("کد شما: %code%", "ورود", false)).data.pattern);
  await control(`patterns/${pattern.code}/approve`, {});
  tell("farazSendPattern", (await sms.farazSendPattern(pattern.code, sender, recipient, { code: "4321" })).data);
  sms.farazSMS.init("wrong");
  await assert.rejects(sms.farazCredit());
  tell("a wrong key", "rejected");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
