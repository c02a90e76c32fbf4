// The texts of the app, by key: Chinese, then English. {name} is a value. Texts of the norm come with the checklist.

import { signal } from "./state.js";
import { PROBLEM_WORDS } from "./problem_words.js";
import { VISIT_WORDS } from "./visit_words.js";

/** @typedef {"zh" | "en"} Language */

/** @type {Record<string, [zh: string, en: string]>} */
const WORDS = {
  ...VISIT_WORDS,
  app: ["上门", "Doorstep"],
  today: ["任务", "Visits"],
  settings: ["设置", "Settings"],
  notices: ["提醒", "Notices"],
  back: ["返回", "Back"],
  close: ["关闭", "Close"],
  cancel: ["取消", "Cancel"],
  again: ["再试一次", "Try again"],
  language: ["语言", "Language"],

  "wechat.title": ["请在浏览器里打开", "Open this in your browser"],
  "wechat.why": ["微信清理缓存时会删掉这里的记录，所以不能在微信里使用。", "WeChat deletes records with its cache, so this does not work here."],
  "wechat.how": ["点右上角「…」，选择「在浏览器打开」。", "Tap “…” at the top right, then “Open in browser”."],
  "insecure.title": ["这个地址不安全", "This address is not secure"],
  "insecure.why": ["地址要以 https 开头，手机才能保管密钥和记录。", "Keys and records can be kept only if the address begins with https."],
  "insecure.open": ["用安全地址打开", "Open the secure address"],
  "insecure.ask": ["打不开时，请把这一页给主管看。", "If that does not open, show this page to your supervisor."],
  "storage.title": ["这个浏览器不能保存记录", "This browser cannot store records"],
  "storage.why": ["可能开着「无痕浏览」，或禁止了网站保存数据。", "You may be in a private window, or websites may not store data."],
  "storage.how": ["请关闭无痕浏览，用手机自带的浏览器（Chrome 或 Safari）重新打开。", "Leave private browsing; use the phone's own browser (Chrome or Safari)."],
  "old.title": ["这个浏览器太旧", "This browser is too old"],
  "old.how": ["请更新到 Chrome 89 或 iOS 16.4 以上，再打开本页。", "Update to Chrome 89 or iOS 16.4 or later, then open this page."],

  "enrol.title": ["这台手机还没有登记", "This phone is not enrolled"],
  "enrol.one": ["请主管在电脑上打开您的名字，点「登记手机」，屏幕上会出现二维码。", "Your supervisor opens your name on the desk and presses “Enrol a phone”: a QR code appears."],
  "enrol.two": ["用手机相机扫这个码，在打开的页面上点「登记这台手机」。", "Scan it with the phone's camera, and press “Enrol this phone” on the page that opens."],
  "enrol.three": ["然后回到这里，点下面的按钮。", "Then come back and press the button below."],
  "enrol.check": ["我已登记，再看一次", "I have enrolled: look again"],
  "enrol.not": ["还没有登记上。从桌面打开的「上门」要在这里填登记码。", "Not enrolled yet. Opened from the home screen, the app needs the code here."],
  "enrol.byCode": ["或在这里填登记码", "Or enter the code here"],
  "enrol.code": ["登记码", "Code"],
  "enrol.codeHint": ["扫码后打开的页面上有", "On the page that opens after scanning"],
  "enrol.do": ["登记这台手机", "Enrol this phone"],
  "enrol.name": ["上门 App", "Doorstep app"],
  "enrol.unknown-code": ["这个码无效、已用过或已过期，请让主管出示新码。", "This code is unknown, used or too old; ask for a new one."],
  "enrol.too-many-devices": ["您已有两台设备，请主管先停用一台，再按一次。", "You have two devices; have one revoked, then press again."],
  "enrol.too-many-requests": ["次数过多，请过几分钟再试。", "Too many tries; wait some minutes."],
  "enrol.later": ["没有连上服务器。请检查网络，再按一次。", "No answer: check the network and press again."],

  "revoked.title": ["这台手机已被停用", "This phone has been revoked"],
  "revoked.unsent": ["还有 {count} 条没有上传。它们都在手机里，没有丢。", "{count} items are not sent. They are all still on this phone."],
  "revoked.nothing": ["您的记录都已上传。", "All your records have been sent."],
  "revoked.how": ["请找主管：先导出文件交给主管收录，再重新登记这台手机。", "Ask your supervisor: export the file for them to take in, then enrol this phone again."],
  "revoked.keep": ["交出文件之前，不要清除浏览器数据，不要卸载。", "Until then, do not clear browser data and do not uninstall."],

  "full.title": ["手机空间满了", "The phone's storage is full"],
  "full.how": ["刚才的一步没有存上。请删掉一些照片或视频，再做一次。已存的都还在。", "The last step was not stored. Delete some photos or videos, then repeat it. Nothing else is lost."],
  "full.almost": ["手机空间满了，存不下照片", "The phone's storage is full: no room for photos"],
  "full.small": ["步骤和签字还能记，也还能上传。请连上网络，或删掉手机里的一些照片或视频。", "Steps and signatures can still be recorded and sent. Connect, or delete some photos or videos."],
  "clock.title": ["手机时间不对", "The phone's clock is wrong"],
  "clock.ahead": ["手机比服务器快 {minutes} 分钟。", "The phone is {minutes} minutes ahead of the server."],
  "clock.behind": ["手机比服务器慢 {minutes} 分钟。", "The phone is {minutes} minutes behind the server."],
  "clock.how": ["请在手机设置里打开「自动设置时间」。记录照样有效，主管会看到这个差别。", "Switch on “set time automatically”. Records count; your supervisor sees the difference."],
  "stopped.title": ["上传停了：{title}", "Sending has stopped: {title}"],
  "stopped.how": ["记录都在手机里。请找主管处理。", "All records are on this phone. Ask your supervisor."],
  "late.title": ["有记录超过一天没有上传", "Some records have not been sent for more than a day"],
  "late.how": ["请连上网络，打开本页等一会儿。一直不行，就在设置里导出，交给主管。", "Connect and leave this open for a while, or export them in the settings for your supervisor."],
  "update.title": ["有新版本，点这里更新", "New version: tap here to update"],
  "update.later": ["有新版本。做完这一步再更新。", "New version: finish this step, then update."],

  "error.title": ["这一屏出了错", "Something went wrong on this screen"],
  "error.kept": ["已经记录的都还在手机里，没有丢。", "All that was recorded is still on this phone."],
  "error.again": ["重新打开这一屏", "Open this screen again"],
  "error.today": ["回到今天的任务", "Back to today's visits"],
  "error.step": ["刚才的一步没有成功，请再按一次。", "The last step did not succeed. Please press once more."],
  "error.details": ["给技术人员看的内容", "Details for technicians"],
  "missing.title": ["没有这一屏", "There is no such screen"],

  "settings.who": ["这台手机是谁的", "Whose phone this is"],
  "settings.nobody": ["还没有登记", "Not enrolled"],
  "settings.allSent": ["都上传了", "Everything is sent"],
  "settings.storage": ["手机里的空间", "Storage on this phone"],
  "settings.used": ["已用 {used}，可用 {quota}", "{used} used of {quota}"],
  "settings.granted": ["浏览器不会自动删除这些记录", "The browser will not delete these records by itself"],
  "settings.notGranted": ["空间不够时，浏览器可能删除没有上传的记录。请安装到桌面，并及时上传。", "If space runs out, the browser may delete what is not sent. Install the app, and send in time."],
  "settings.persist": ["请浏览器不要删除", "Ask the browser to keep them"],
  "settings.export": ["导出没有上传的", "Export what is not sent"],
  "settings.exportWhy": ["导出的文件交给主管，由主管收录。导出后这里的记录不会删除。", "Give the file to your supervisor, who takes it in. Nothing is deleted here."],
  "settings.exported": ["已导出 {count} 个文件", "{count} files exported"],
  "settings.waiting": ["{count} 条记录等待上传", "{count} records are waiting"],
  "settings.parked": ["{count} 条没有被接受，请找主管", "{count} were not accepted: ask your supervisor"],
  "settings.files": ["{count} 张照片和签字等待上传", "{count} photos and signatures are waiting"],
  "settings.unsealed": ["{count} 步还没有交", "{count} steps are not handed in yet"],
  "settings.sending": ["正在上传…", "Sending…"],
  "settings.lastSync": ["上次连上服务器：{time}", "Last reached the server: {time}"],
  "settings.send": ["现在上传", "Send now"],
  "settings.install": ["安装到桌面", "Install"],
  "settings.installWhy": ["装到桌面以后，不用找网址，记录也更安全。", "It opens without an address, and records are safer."],
  "settings.installIos": ["点浏览器底部的「分享」，再选「添加到主屏幕」。", "Tap “Share” at the bottom of the browser, then “Add to Home Screen”."],
  "settings.installMenu": ["打开浏览器菜单，选「安装应用」或「添加到主屏幕」。", "Open the browser's menu, then “Install app” or “Add to Home screen”."],
  "settings.installed": ["已安装到桌面", "Installed"],
  "settings.version": ["版本", "Version"],
};

/** The language of the screen. */
export const language = signal(/** @type {Language} */ (document.documentElement.lang === "en" ? "en" : "zh"));

/**
 * A text in the language of the screen, which is drawn again when the language is switched.
 * @param {keyof typeof WORDS} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = WORDS[key];
  if (!text) throw new Error(`no text ${key}`);
  return text[language.value === "en" ? 1 : 0].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/**
 * A text of the checklist or of a problem; Chinese if it has no English.
 * @param {{zh: string, en?: string}} text
 */
export const inLanguage = text => (language.value === "en" && text.en) || text.zh;

/** What something is, and what about it. @param {string} name @param {string} value */
export const pair = (name, value) => (language.value === "en" ? `${name}: ${value}` : `${name}：${value}`);

/** @param {string} text @param {string | number} more */
export const inBrackets = (text, more) => (language.value === "en" ? `${text} (${more})` : `${text}（${more}）`);

/** @param {string[]} texts */
export const enumerated = texts => texts.join(language.value === "en" ? ", " : "、");

/**
 * Why something was not accepted, in the technician's words; the server's own where the app has none.
 * @param {{code: string, title: string}} problem
 */
export const problemText = ({ code, title }) => (PROBLEM_WORDS[code] ? inLanguage({ zh: PROBLEM_WORDS[code][0], en: PROBLEM_WORDS[code][1] }) : title);

/**
 * Date and time as people write them: 11月28日 09:30, 28 November 09:30.
 * @param {string | Date} moment
 */
export const timeText = moment =>
  new Intl.DateTimeFormat(language.value === "en" ? "en-GB" : "zh-CN", {
    month: "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(new Date(moment));
