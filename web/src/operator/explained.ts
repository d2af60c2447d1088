/** What stands around the explanation of a charge, in the languages that explanations speak. */

import type { Language } from '../i18n/language.svelte.ts';
import type { Explanation } from './books.svelte.ts';

const en = {
  charged: (day: string) => `Charged for ${day}`,
  givenBack: (day: string) => `Given back for ${day}`,
  pending: 'Not collected yet',
  settled: 'Collected',
  rider: 'Rider',
  number: 'Charge',
  state: 'State',
  inTheBooks: 'In the books',
  sum: 'How the day adds up',
  fares: (journeys: number) =>
    journeys === 1 ? 'Fare of 1 journey' : `Fares of ${journeys} journeys`,
  refunded: 'Refunded',
  waiting: 'Changed since, settled soon',
  total: 'Charged for the day',
  allCharges: 'Charges of the day, one by one',
  thisOne: 'this one',
  journeys: 'The journeys',
  noJourney: 'No journey is left on this day.',
  noFare: 'No fare',
  entered: 'Tapped on',
  left: 'Tapped off',
  noTapOff: 'Tap off missing',
  noTapOn: 'Tap on missing',
  free: 'Taps that cost nothing',
  freeBecause: {
    door_did_not_open: 'The door did not open.',
    nobody_passed: 'Nobody went through.',
    tapped_again: 'The gate was cut off and the rider tapped again.',
    of_party: 'One more rider of a party; its first tap is priced for all.',
    code_used_twice: 'The code had been used before.',
  } as Readonly<Record<string, string>>,
  onlyEnglish: 'These sentences are in the books in English only.',
  print: 'Print',
};

export type ExplainedWords = typeof en;

const zh: ExplainedWords = {
  charged: (day) => `${day}的扣款`,
  givenBack: (day) => `${day}的退款`,
  pending: '尚未收取',
  settled: '已收取',
  rider: '乘客',
  number: '扣款编号',
  state: '状态',
  inTheBooks: '账簿记载',
  sum: '当日合计的由来',
  fares: (journeys) => `${journeys} 次行程的车费`,
  refunded: '已批准退款',
  waiting: '此后有变动，即将结算',
  total: '当日扣款',
  allCharges: '当日逐笔扣款',
  thisOne: '本笔',
  journeys: '行程',
  noJourney: '当日没有行程。',
  noFare: '无票价',
  entered: '进站',
  left: '出站',
  noTapOff: '缺少出站记录',
  noTapOn: '缺少进站记录',
  free: '不计费的刷码',
  freeBecause: {
    door_did_not_open: '闸门没有打开。',
    nobody_passed: '无人通过。',
    tapped_again: '闸机中断，乘客重新刷码。',
    of_party: '同行乘客；首次刷码已按全部人数计费。',
    code_used_twice: '此码先前已使用过。',
  },
  onlyEnglish: '账簿中只有英文说明。',
  print: '打印',
};

const ko: ExplainedWords = {
  charged: (day) => `${day} 청구`,
  givenBack: (day) => `${day} 환급`,
  pending: '아직 수납되지 않음',
  settled: '수납됨',
  rider: '승객',
  number: '청구 번호',
  state: '상태',
  inTheBooks: '장부 기록',
  sum: '하루 합계의 내역',
  fares: (journeys) => `이동 ${journeys}회의 운임`,
  refunded: '승인된 환급',
  waiting: '이후 변경됨, 곧 정산',
  total: '하루 청구액',
  allCharges: '그날의 청구 내역',
  thisOne: '이 건',
  journeys: '이동 내역',
  noJourney: '이날 남은 이동이 없습니다.',
  noFare: '운임 없음',
  entered: '승차',
  left: '하차',
  noTapOff: '하차 태그 없음',
  noTapOn: '승차 태그 없음',
  free: '운임이 없는 태그',
  freeBecause: {
    door_did_not_open: '문이 열리지 않았습니다.',
    nobody_passed: '아무도 지나가지 않았습니다.',
    tapped_again: '개찰구가 끊겨 승객이 다시 태그했습니다.',
    of_party: '일행입니다. 첫 태그에 모두의 운임이 계산되었습니다.',
    code_used_twice: '이미 사용된 코드입니다.',
  },
  onlyEnglish: '장부에는 영어 설명만 있습니다.',
  print: '인쇄',
};

export const EXPLAINED: Readonly<Record<Language, ExplainedWords>> = { en, zh, ko };

/** How a day's charges follow from its fares, in minor units. */
export interface Sum {
  readonly fares: number;
  readonly refunded: number;
  /** What is not charged yet, because the day has changed since. */
  readonly waiting: number;
  readonly total: number;
}

/** The sum of the day that the charge is about: fares − refunded + waiting = total. */
export function sumOf(charge: Explanation): Sum {
  const fares = charge.journeys.reduce((sum, one) => sum + (one.fare_minor ?? 0), 0);
  const total = charge.charges.reduce((sum, one) => sum + one.amount_minor, 0);
  const refunds = charge.requests.filter((one) => one.kind === 'refund');
  const approved = refunds.filter((one) => one.state === 'approved');
  const asked = approved.reduce((sum, one) => sum + one.amount_minor, 0);
  const refunded = Math.min(asked, fares);
  return { fares, refunded, waiting: total - (fares - refunded), total };
}
