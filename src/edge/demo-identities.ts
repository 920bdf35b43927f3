import type { Actor } from '../domain/actor.ts';
import type { DemoIdentity } from './schemas/demo.ts';

const beichen = { id: 'beichen-bank', zh: '北辰银行', en: 'Beichen Bank' };
const nanpu = { id: 'nanpu-bank', zh: '南浦银行', en: 'Nanpu Bank' };
const binjiang = { code: '0102', zh: '滨江支行', en: 'Binjiang branch' };
const headOffice = { code: '0100', zh: '总行', en: 'Head office' };
const guangming = { code: '0203', zh: '光明支行', en: 'Guangming branch' };

/** The sample people of demo mode: every role at one bank, and a second bank to be foreign at. */
export const demoIdentities: readonly DemoIdentity[] = [
  {
    id: 'teller-zhou',
    role: 'teller',
    name: { zh: '周敏', en: 'Zhou Min' },
    institution: beichen,
    branch: binjiang,
  },
  {
    id: 'reviewer-he',
    role: 'reviewer',
    name: { zh: '何建平', en: 'He Jianping' },
    institution: beichen,
    branch: binjiang,
  },
  {
    id: 'reviewer-qin',
    role: 'reviewer',
    name: { zh: '秦悦', en: 'Qin Yue' },
    institution: beichen,
    branch: binjiang,
  },
  {
    id: 'administrator-lin',
    role: 'administrator',
    name: { zh: '林雪', en: 'Lin Xue' },
    institution: beichen,
    branch: headOffice,
  },
  {
    id: 'auditor-gao',
    role: 'auditor',
    name: { zh: '高远', en: 'Gao Yuan' },
    institution: beichen,
    branch: headOffice,
  },
  {
    id: 'risk-officer-xu',
    role: 'risk_officer',
    name: { zh: '许宁', en: 'Xu Ning' },
    institution: beichen,
    branch: headOffice,
  },
  {
    id: 'operator-ma',
    role: 'operator',
    name: { zh: '马骏', en: 'Ma Jun' },
    institution: beichen,
    branch: headOffice,
  },
  {
    id: 'developer-song',
    role: 'developer',
    name: { zh: '宋杰', en: 'Song Jie' },
    institution: beichen,
    branch: headOffice,
  },
  {
    id: 'customer-chen',
    role: 'customer',
    name: { zh: '陈思远', en: 'Chen Siyuan' },
    institution: beichen,
    branch: binjiang,
  },
  {
    id: 'teller-wu',
    role: 'teller',
    name: { zh: '吴桐', en: 'Wu Tong' },
    institution: nanpu,
    branch: guangming,
  },
  {
    id: 'auditor-tang',
    role: 'auditor',
    name: { zh: '唐宇', en: 'Tang Yu' },
    institution: nanpu,
    branch: guangming,
  },
];

export function actorOfIdentity(identity: DemoIdentity): Actor {
  return {
    id: identity.id,
    tenant: identity.institution.id,
    branch: identity.branch.code,
    roles: [identity.role],
    name: identity.name.zh,
  };
}
