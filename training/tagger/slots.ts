// The slots of frames and fields: what is put there, and its label.
import type { Label } from '../../src/core/tagger/labels.ts';
import type { Background } from './background.ts';
import type { People } from './people.ts';
import type { Places } from './places.ts';
import type { Random } from './random.ts';
import type { Values } from './values.ts';

/** A piece of text, with its label when it is sensitive. */
export interface Piece {
  readonly text: string;
  readonly label?: Label;
}

type Slot = readonly [label: Label | undefined, make: () => string];
export type Slots = ReadonlyMap<string, Slot>;

const JOBS =
  '医生|护士|司机|老师|律师|经理|主任|店长|保安|客服|师傅|工程师|会计|厨师|快递员|民警|法官|记者|教练|导游|销售|柜员|老板|客户|用户|邻居|同事|学生|家长|患者|租客|房东|业主|乘客|老人|孩子|嫌疑人|院长|校长|书记|村民|工人|农民|志愿者|骑手|检察官|主播|管理员|收银员'.split(
    '|',
  );
const LATIN_JOBS =
  'engineer|nurse|teacher|driver|manager|lawyer|clerk|chef|analyst|director|plumber|designer|accountant|consultant|supervisor|intern|cashier|architect|pilot|editor'.split(
    '|',
  );
const TITLES =
  '先生|女士|小姐|总|工|局|处|科长|处长|局长|经理|主任|院长|书记|教授|医生|大夫|律师|警官|法官|校长|老板|老板娘|哥|姐|嫂|叔|婶|奶奶|爷爷|大爷|大妈|大叔|阿姨|导|队|所长|老师|师傅|主管|总监|董|董事长|秘书|护士|护士长|同学|同志|太太|夫人|公|会计|助理|司机|站长|班长|连长|村长|乡长|镇长|县长|市长|省长|部长|厅长|组长|厂长|行长|店长|馆长|团长|政委|教练|博士|院士|研究员|工程师|顾问|代表|委员|检察官|家长|妈妈|爸爸|老太太|老爷子|伯伯|舅舅|某|某某|氏'.split(
    '|',
  );
const LATIN_TITLES =
  'Mr|Mr.|Mrs|Mrs.|Ms|Ms.|Miss|Dr|Dr.|Prof.|Professor|Sir|Madam|Judge|Officer|Captain|Uncle|Aunt|Auntie|Nurse|Father|Sister|Coach|Rev.|Sgt.|Lt.|Senator|Chef|Grandma|Cousin|Herr|Frau|Monsieur|Señor'.split(
    '|',
  );
const STATES =
  '0|1|200|404|ok|true|false|null|SUCCESS|FAIL|PAID|pending|审核中|成功|失败|待处理|已完成|正常|0000|男|女|是|否|active|closed|-1|""'.split(
    '|',
  );
const ORG_TAILS =
  '科技有限公司|集团|股份有限公司|食品有限公司|银行|律师事务所|医院|餐饮管理有限公司|贸易有限公司|珠宝|汽车销售服务有限公司|保险|置业|物业|建筑工程有限公司|文化传媒有限公司|幼儿园|中学|小学|大学|大药房|超市|商行|酒店|酒楼|物流|快递|证券|基金|能源|电器|服饰|商会|协会|合作社|派出所|分行|支行|牙科|诊所|影业|旅行社|商贸行|个体工商户|面馆|火锅店|理发店|化妆品|茶业|茶叶|酒业|药业|家居|家具|陶瓷|糕点|电子|机械|五金|鞋业|烘焙|烤鸭|饭店|眼镜|珠宝首饰|护肤|日化|乳业|粮油|饮品|羽绒服|皮具|灯饰|卫浴|门窗|木业|纸业|印务|广告|传媒|教育|培训|书店|出版社|报社|电视台|乐器|玩具|母婴|美容|健身|养老院|福利院|基金会|研究院|研究所|设计院|航空|船务|港务|煤业|钢铁|水泥|化工|纺织|针织|箱包|钟表|古玩|拍卖|典当|担保|租赁|信托|期货|农业|牧业|渔业|种业|园林|环保|水务|燃气|电力|新能源|半导体|软件|网络|数码|通讯'.split(
    '|',
  );

export function slots(
  random: Random,
  folk: People,
  places: Places,
  made: Values,
  background: Background,
): Slots {
  const short = () => {
    const { city, name } = places.area();
    return random.pick([places.short(city), places.short(name), city, name]);
  };
  const orgName = () =>
    random.pick([
      () => background.word('n'),
      () => folk.surname() + random.pick(['氏', '记', '府', '大', '家']),
      () => folk.chinese(),
      () => folk.surname() + background.word('n').slice(0, 1),
      () => background.word('nz'),
      () => background.word('n').slice(0, 2) + background.word('a').slice(0, 1),
    ])();
  const org = () => (random.chance(0.55) ? short() : '') + orgName() + random.pick(ORG_TAILS);
  const latinOrg = () =>
    random.pick([
      () =>
        `${folk.latinFamily()} ${random.pick(['Inc', 'Ltd', 'Group', 'LLC', 'Holdings', 'Bank', '& Co', 'Corporation', '& Sons', 'Partners', 'Logistics', 'Hospital', 'University', 'Foods', 'Motors', 'Insurance', 'Airlines', 'Stores', 'Capital', 'Labs', 'plc', 'GmbH', 'School'])}`,
      () => `${folk.latinFamily()} & ${folk.latinFamily()}`,
      () =>
        `${capital(made.longWord())} ${random.pick(['Systems', 'Software', 'Bank', 'Media', 'Networks', 'Foods', 'Energy', 'Health', 'Labs', 'Inc', 'Group'])}`,
      () => `${folk.latinFamily()}, ${folk.latinFamily()} & ${folk.latinFamily()} LLP`,
    ])();
  const open = (make: () => string): Slot => [undefined, make];
  const table: Record<string, Slot> = {
    N: ['NAME', folk.chinese],
    S: ['NAME', folk.surname],
    nick: ['NAME', folk.nickname],
    E: ['NAME', folk.latin],
    l: ['NAME', folk.latinFamily],
    g: ['NAME', folk.latinGiven],
    M: ['NAME', () => (random.chance(0.62) ? folk.chinese() : folk.latin())],
    I: ['ID_DOC', made.citizen],
    PP: ['ID_DOC', made.otherIds.passport],
    U: ['ID_DOC', made.credit],
    C: ['CONTACT', made.mobile],
    L: ['CONTACT', made.land],
    F: ['CONTACT', made.foreignPhone],
    mail: ['CONTACT', made.mail],
    wx: ['CONTACT', made.messenger],
    qq: ['CONTACT', made.qq],
    tg: ['CONTACT', made.social],
    P: ['PASSWORD', made.strongPassword],
    PH: ['PASSWORD', made.phrase],
    O: ['PASSWORD', made.otp],
    K: ['PASSWORD', made.pin],
    SC: ['PASSWORD', made.shortCode],
    SK: ['PASSWORD', made.secretKey],
    B: ['PAYMENT', made.card],
    AC: ['PAYMENT', made.account],
    V: ['PAYMENT', made.cvv],
    Y: ['PAYMENT', made.expiry],
    IB: ['PAYMENT', made.iban],
    W: ['PAYMENT', made.wallet],
    T: ['BIOMETRIC', made.biometric],
    TC: ['BIOMETRIC', made.bioCode],
    TD: ['BIOMETRIC', made.bioData],
    H: ['ADDRESS', places.full],
    HL: ['ADDRESS', places.local],
    HE: ['ADDRESS', places.latin],
    ord: open(made.order),
    fid: open(made.falseCitizen),
    date: open(made.date),
    edate: open(made.englishDate),
    time: open(made.clock),
    ts: open(made.stamp),
    amt: open(made.amount),
    num: open(() => random.digits(random.between(1, 9))),
    n1: open(() => String(random.between(1, 99))),
    digits: open(() =>
      random.pick([
        random.digits(random.between(5, 20)),
        random.digits(random.pick([8, 10, 12, 15])),
        `${random.chars('ABCDEFGHJKLMNPRSTUVXYZ', random.between(1, 3))}${random.digits(random.between(4, 14))}`,
      ]),
    ),
    n4: open(() => random.digits(4)),
    hex: open(made.digest),
    b64: open(() => made.base64(12, 40)),
    uuid: open(made.uuid),
    ver: open(made.version),
    ip: open(made.address),
    url: open(made.link),
    sess: open(made.session),
    hot: open(made.hotline),
    mask: open(made.masked),
    model: open(made.model),
    plate: open(made.plate),
    user: open(() =>
      random.pick([
        made.handle(),
        random.pick([
          'admin',
          'root',
          'test',
          'guest',
          'deploy',
          'ops',
          'sa',
          'oracle',
          'user01',
          'dev',
          'zhangsan',
          'demo',
          'app',
          'svc',
        ]),
        `${made.pinyin()}${random.digits(random.between(0, 4))}`,
        `user_${random.digits(4)}`,
      ]),
    ),
    city: open(short),
    place: open(() =>
      random.pick([
        short(),
        short(),
        background.word('ns'),
        short() +
          random.pick([
            '火车站',
            '机场',
            '南站',
            '人民医院',
            '法院',
            '公园',
            '大学',
            '步行街',
            '开发区',
            '派出所',
            '银行',
            '车管所',
            '万达广场',
            '体育馆',
          ]),
      ]),
    ),
    ecity: open(() =>
      random.pick([
        'London',
        'Paris',
        'Beijing',
        'Shanghai',
        'New York',
        'Berlin',
        'Tokyo',
        'Chicago',
        'Sydney',
        'Austin',
        'Houston',
        'Toronto',
        'Dublin',
        'Boston',
        'Madrid',
        'Oslo',
        'Nairobi',
        'Mumbai',
        'Singapore',
        'Hong Kong',
        'Denver',
        'Leeds',
        'Georgia',
        'Charlotte',
        'the airport',
        'the head office',
        'San Jose',
        'Orlando',
        'Santiago',
        'Victoria',
      ]),
    ),
    org: open(org),
    eorg: open(latinOrg),
    w: open(() => background.word('n')),
    word: open(() => (random.chance(0.5) ? background.word('n') : made.english())),
    v: open(() => background.word('v')),
    a: open(() => background.word('a')),
    d: open(() => background.word('d')),
    t: open(() =>
      random.pick([
        '今天',
        '昨天',
        '明天',
        '刚才',
        '上周',
        '现在',
        '去年',
        '后来',
        '最近',
        '当时',
        '下午',
        '晚上',
        background.word('t'),
      ]),
    ),
    bg: open(background.clause),
    ebg: open(background.latinClause),
    ew: open(made.longWord),
    EW: open(() => made.longWord().toUpperCase()),
    tt: open(() => random.pick(TITLES)),
    ett: open(() => random.pick(LATIN_TITLES)),
    job: open(() => random.pick(JOBS)),
    ejob: open(() => random.pick(LATIN_JOBS)),
    rel: open(() =>
      random.pick(['父子', '母女', '夫妻', '兄弟', '同事', '朋友', '父女', '母子', '雇佣', '同学']),
    ),
    state: open(() => random.pick(STATES)),
    empty: open(() =>
      random.pick(['', '', 'null', '-', 'N/A', '无', '暂无', '未填', 'undefined', '""']),
    ),
  };
  for (const [name, make] of Object.entries(made.otherIds)) table[`J_${name}`] = ['ID_DOC', make];
  return new Map(Object.entries(table));
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
