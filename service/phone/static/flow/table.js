/**
 * What the app knows in advance about names of the checklist: which acts one button stands for, and what can happen
 * besides the work. What is not in these tables appears by itself, from what the checklist says about it.
 */
/** @import {Text} from '../judge/types.d.ts' */
/** @import {CompiledChecklist} from '../judge/rules.js' */

/** @typedef {{id: string, stage: string, weight: number, parts: string[], label: Text | null}} Group */

/** @param {string} zh @param {string} en @returns {Text} */
const text = (zh, en) => ({ zh, en });

/** The stages of a visit, in the order of the norm. @type {Record<string, Text>} */
export const STAGES = {
  before: text('出发前', 'Before setting out'),
  door: text('门口', 'At the door'),
  inside: text('作业', 'The work'),
  closing: text('收尾', 'Closing'),
};

/** Where the stages of the checklist belong. @type {Record<string, string>} */
export const STAGE_OF = {
  plan: 'before',
  door: 'door',
  entry: 'door',
  work: 'inside',
  incident: 'inside',
  close: 'closing',
  after: 'closing',
};

/** One button for several acts. The weight is the place in a visit that goes as it should. @type {Group[]} */
export const GROUPS = [
  {
    id: 'self_check',
    stage: 'before',
    weight: 10,
    parts: ['badge_worn', 'uniform_tidy', 'p_own_shoe_covers'],
    label: text('服务证、着装都已检查', 'Badge and uniform checked'),
  },
  { id: 'arrive', stage: 'door', weight: 20, parts: ['arrived'], label: text('到了', 'I have arrived') },
  { id: 'knock', stage: 'door', weight: 30, parts: ['door_signal'], label: text('已按门铃或轻轻敲门', 'Rang or knocked') },
  {
    id: 'meet',
    stage: 'door',
    weight: 40,
    parts: ['met_customer', 'id_shown', 'self_introduced'],
    label: text('见到客户：已出示证件、自我介绍', 'Met the customer: ID shown, introduced myself'),
  },
  {
    id: 'consent',
    stage: 'door',
    weight: 50,
    parts: ['entry_consent'],
    label: text('客户同意我进门', 'The customer lets me in'),
  },
  {
    id: 'enter',
    stage: 'door',
    weight: 60,
    parts: ['shoe_covers_on', 'entered'],
    label: text('穿好鞋套，进门', 'Shoe covers on, going in'),
  },
  { id: 'start', stage: 'inside', weight: 70, parts: ['work_started'], label: text('开始作业', 'Work begins') },
  {
    id: 'finish',
    stage: 'closing',
    weight: 90,
    parts: ['work_finished', 'site_cleared'],
    label: text('作业结束，现场已清理', 'Work done, place cleaned up'),
  },
  {
    id: 'thank',
    stage: 'closing',
    weight: 97,
    parts: ['p_result_told', 'p_opinion_asked', 'thanked_at_end'],
    label: text('已向客户致谢', 'Thanked the customer'),
  },
  { id: 'leave', stage: 'closing', weight: 99, parts: ['left'], label: text('离开', 'Leave') },
  {
    id: 'give_back',
    stage: 'inside',
    weight: 93,
    parts: ['borrow_returned', 'borrow_thanked'],
    label: text('已轻轻放回原处，并致谢', 'Put back gently, and thanked'),
  },
  {
    id: 'outage',
    stage: 'inside',
    weight: 85,
    parts: ['outage_apology', 'outage_eta_told'],
    label: text('已致歉，并告知何时恢复供水', 'Apologised, and told when water returns'),
  },
  {
    id: 'breach_told',
    stage: 'inside',
    weight: 86,
    parts: ['breach_pointed_out', 'breach_legal_basis'],
    label: text('已礼貌指出，并说明法规依据', 'Pointed out politely, with its legal basis'),
  },
  {
    id: 'traffic_signs',
    stage: 'inside',
    weight: 68,
    parts: ['traffic_safety_measures', 'sign_contractor', 'sign_safety', 'sign_courtesy'],
    label: text('围挡和三种标志都已设好（拍全）', 'Barriers and the three signs are up (one photo of all)'),
  },
];

/** Single acts that have a place of their own among others. @type {Record<string, number>} */
export const WEIGHTS = {
  meter_damage_photo: 81,
  meter_cause_analysed: 82,
  meter_cause_confirmed: 83,
  meter_order_signed: 84,
  borrow_consent: 85,
  borrow_used: 86,
  borrow_cleaned: 92,
  own_damage_recorded: 85,
  own_fault_apologised: 86,
  damage_choice_followed: 87,
  hostile_deescalated: 85,
  hostile_reported: 86,
};
/** Of acts without one: by the stage that they appear in. @type {Record<string, number>} */
export const STAGE_WEIGHTS = { before: 15, door: 65, inside: 80, closing: 95 };
export const INCIDENT_WEIGHT = 88;

/** The events that a technician may say did not happen, and the buttons beside which that is offered. */
/** @type {Record<string, {groups: string[], label: Text}>} */
export const DENIALS = {
  met_customer: { groups: ['meet'], label: text('没有见到客户', 'I did not meet the customer') },
  entered: { groups: ['knock', 'consent', 'enter'], label: text('不用进门', 'No need to go in') },
};

/** @type {Record<string, (label: Text) => Text>} */
export const ALTERNATIVES = {
  only: ({ zh, en }) => text(`只记：${zh}`, `Only: ${en}`),
  customer: ({ zh, en }) => text(`客户说不用：${zh}`, `The customer waives it: ${en}`),
  technician: ({ zh, en }) => text(`没能做到：${zh}`, `Could not be done: ${en}`),
  refused: ({ zh, en }) => text(`客户不肯、不在或不能：${zh}`, `Refused, absent or unable: ${en}`),
  instead: ({ zh, en }) => text(`我来代填：${zh}`, `I fill it in for the customer: ${en}`),
};

/** What has to be done once more, because what it rests on has changed. @type {Record<string, (label: Text) => Text>} */
export const AGAIN = {
  customer: () => text('请客户重签', 'Have the customer sign again'),
  technician: ({ zh, en }) => text(`再做一次：${zh}`, `Once more: ${en}`),
};
/** Why what was done before is withdrawn then. */
export const REPEATED = '前面的一步改了，重做 / an earlier step has changed: repeated';

/** A fact that was said not to be. @param {Text} label @returns {Text} */
export const denied = ({ zh, en }) => text(`没有${zh}`, `Not so: ${en}`);

/** @typedef {{fact: string, label: Text, things?: Text[], together?: string[], said?: Text, photo?: boolean}} Known */

/**
 * The eight things that can happen besides, as big buttons. `together`: the duties that are usually done at once with
 * saying so, and what the button says then. `things`: names to pick from.
 * @type {Known[]}
 */
export const INCIDENTS = [
  {
    fact: 'borrowed',
    label: text('借用东西', 'Something borrowed'),
    things: [
      text('椅子', 'chair'),
      text('梯子', 'ladder'),
      text('水盆', 'basin'),
      text('水桶', 'bucket'),
      text('拖把', 'mop'),
      text('抹布', 'cloth'),
    ],
    together: ['borrow_consent', 'borrow_used'],
    said: text('客户同意了，开始用', 'The customer agreed: now in use'),
  },
  { fact: 'meter_damage_by_customer', label: text('水表损坏', 'Meter damaged') },
  { fact: 'breach_found', label: text('违约或窃水', 'Breach or theft') },
  { fact: 'customer_hostile', label: text('客户态度蛮横', 'Hostile customer') },
  {
    fact: 'request_raised',
    label: text('客户提出要求', 'A request'),
    things: [
      text('看看阀门', 'look at the valve'),
      text('换水龙头', 'change the tap'),
      text('问水费', 'about the bill'),
      text('水压低', 'low pressure'),
    ],
  },
  {
    fact: 'own_damage',
    label: text('碰坏客户东西', 'We broke something'),
    things: [
      text('瓷砖', 'tile'),
      text('柜子', 'cabinet'),
      text('地板', 'floor'),
      text('墙面', 'wall'),
      text('水龙头', 'tap'),
      text('管道', 'pipe'),
    ],
  },
  { fact: 'traffic_affected', label: text('影响交通', 'Traffic affected') },
  {
    fact: 'nobody_home',
    label: text('家里没人', 'Nobody at home'),
    together: ['door_signal'],
    said: text('已敲门，没有人应', 'Knocked, nobody answers'),
    photo: true,
  },
];

/**
 * What something that happened is called on a screen. It does not judge before anybody has looked: the checklist's own
 * names may say whose fault it was.
 * @param {CompiledChecklist} rules
 * @param {string} fact
 * @returns {Text}
 */
export const nameOf = (rules, fact) =>
  INCIDENTS.find(each => each.fact === fact)?.label ?? rules.facts.get(fact) ?? text(fact, fact);

export const NOBODY = 'nobody_home';
