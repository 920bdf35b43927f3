/** Somebody to pay in demo mode. Nobody exists behind it. */
export const samplePayee = {
  account: '6222020200112233445',
  name: '南浦物业有限公司',
  bank: '南浦银行光明支行',
  purpose: '三月物业费',
};
