// Why the server does not accept something, by the code of its problem: Chinese, then English.

/** @type {[zh: string, en: string]} */
const BROKEN = ["内容有错，服务器读不了，请找主管", "The content is wrong and the server cannot read it: ask your supervisor"];

/** @type {Record<string, [zh: string, en: string]>} */
export const PROBLEM_WORDS = {
  "malformed-json": BROKEN,
  "invalid-body": BROKEN,
  "id-mismatch": BROKEN,
  "content-differs": ["这个编号已用于另一份内容，请找主管", "This number was used for other content: ask your supervisor"],
  "unknown-visit": ["服务器上没有这次上门", "The server does not know this visit"],
  "unknown-checklist": ["服务器上没有这一版规范", "The server does not know this version of the norm"],
  "not-your-visit": ["这次上门不是派给您的", "This visit is not assigned to you"],
  "too-many-entries": ["一份里的步骤太多", "Too many steps in one record"],
  "body-too-large": ["内容太大", "The content is too large"],
  "visit-full": ["这次上门已存满，请找主管", "This visit holds as much as it may: ask your supervisor"],
  "finding-changed": ["这一条已经变了，请再看一次", "This finding has changed: look again"],
  "not-found": ["服务器上没有找到", "The server did not find it"],
  "not-photo": ["这不是照片", "This is not a photo"],
  "photo-unreadable": ["照片打不开，请重拍", "The photo cannot be opened: take it again"],
  "file-too-large": ["文件太大", "The file is too large"],
  "no-longer-here": ["手机上已没有这个文件", "The file is no longer on this phone"],
  "device-revoked": ["这台手机已被停用", "This phone was revoked"],
  "not-signed-in": ["要重新登记这台手机", "This phone has to be enrolled again"],
  "not-allowed": ["您没有权限", "You do not have permission"],
};
