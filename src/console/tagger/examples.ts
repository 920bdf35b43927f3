/** Texts to begin with. Nobody in them exists. */
export const examples = {
  counter:
    '柜面备注：客户沈若溪（身份证11010519491231002X）来电改预留手机为13812345678，旧号停用。\n老魏说她现住浙江省绍兴市越城区鲁迅中路241号2幢503室，工资卡6222021001116245702。\n业务流水20240311000123已办结，客服热线95588。',
  chat: 'A：wifi密码多少\nB：Niuniu@0813\nA：快递写谁的名字\nB：写嘉欣，电话 139 1022 8846\nA：ok，验证码是 583920 吗',
  json: '{\n  "applicant": { "name": "林志远", "idCard": "11010519491231002X" },\n  "password": "Blue!River7",\n  "faceFeature": [0.11, -0.2, 0.9, 0.31],\n  "orderNo": "20240311000123",\n  "sign": "7d793037a0760186574b0282f2f435e7"\n}',
  mail: 'From: Maria Gonzalez <maria.g@example.com>\nSubject: change of address\n\nHi Tom, we moved to 27B Kestrel Close, Bristol BS4 2QU.\nThe gate code is 4417#. Card 4111 1111 1111 1111 exp 09/29 stays the same.\nRelease 10.4.1 ships on Friday.',
} as const;

export type Example = keyof typeof examples;
