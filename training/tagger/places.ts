// Addresses at which nobody lives, from real divisions and invented streets.
import type { Random } from './random.ts';
import type { Area, Words } from './words.ts';

const ROADS =
  '中山 人民 解放 建设 文化 新华 长江 学院 朝阳 和平 江滨 工业 花园 站前 公园 科技 滨河 东风 胜利 民主 延安 北京 南京 淮海 复兴 迎宾 环城 友谊 青年 劳动 体育 师范 育才 光明 前进 红旗 团结 幸福 健康 安定 永和 兴隆 长安 西直门 东直门 朝阳门内 建国门外 玉泉 翠湖 云山 凤凰 龙泉 金沙 银河 宝石 明珠 桃园 柳林 梅园 松江 竹林 荷花 桂花 玫瑰 樱花 海棠 白云 黄河 珠江 天山 昆仑 泰山 华山 太湖 西湖 鼓楼 钟楼 古城 府前 县前 司前 衙门 书院 文昌 关帝 城隍 水门 石桥 板桥 渡口 码头 塔山 虎丘 狮子 麒麟 白马 青龙 朱雀 玄武 仙霞 天目 莫干 雁荡 普陀 峨眉 湘府 芙蓉 岳麓 橘洲 江汉 武珞 珞喻 中南 航空 机场 铁路 纬一 经七 二环 三环 沿河 沿江 滨海 海滨 疏港 金融 创业 创新 软件园 高新 科苑 深南 滨江 望江 锦绣 世纪 张杨 浦东 陆家嘴 徐家汇 涞寅 九亭 津淮 谊景 义堂 振兴 富强 繁荣 昌盛 开元 天宝 贞观 长乐 未央 含光'.split(
    ' ',
  );
const ESTATES =
  '万科 保利 碧桂园 恒大 绿城 龙湖 中海 金地 华润 融创 世茂 阳光 锦绣 翠苑 丽景 御景 书香 水岸 江南 滨江 紫金 金色 银座 天鹅 东方 西溪 望京 回龙观 天通苑 双榆树 百子湾 方庄 文锦 景田 梅林 莲花 桃源 蔚蓝 春江 春天 城市 时代 国际 中央 翡翠 香榭 枫丹 白桦林 橄榄 格林 星河 月亮湾 钱江 凯旋 帝景 雅居 和谐 安居 惠民 康乐 怡和 静安 长风 曲阳 田林 教师 铁路 纺织厂 机床厂'.split(
    ' ',
  );
const ESTATE_TAILS =
  '小区 花园 公寓 家园 新村 新城 苑 雅苑 名邸 府 里 坊 大厦 广场 中心 城 山庄 一期 二期 西园 东区 嘉园 一村 三村 佳苑 华庭 公馆 宿舍 家属院 大院 国际公寓'.split(
    ' ',
  );
const LATIN_STREETS = [
  'St',
  'Street',
  'Ave',
  'Avenue',
  'Road',
  'Rd',
  'Lane',
  'Ln',
  'Drive',
  'Dr',
  'Blvd',
  'Court',
  'Ct',
  'Terrace',
  'Way',
  'Close',
  'Crescent',
  'Square',
  'Place',
  'Row',
  'Hill',
  'Park',
  'Gardens',
  'Grove',
  'Mews',
  'Circle',
  'Parkway',
  'Trail',
];
const LATIN_CITIES =
  'Springfield, London, Dublin, Austin, Leeds, Sydney, Toronto, Bristol, Madison, Sheffield, Portland, Denver, Oakland, Glasgow, Cardiff, Manchester, Boston, Seattle, Chicago, Houston, Brooklyn, Queens, San Jose, San Diego, Melbourne, Perth, Auckland, Vancouver, Ottawa, Galway, Cork, Edinburgh, York, Oxford, Cambridge, Nairobi, Lagos, Accra, Mumbai, Pune, Delhi, Singapore, Hong Kong, Kowloon, Manila, Dubai, Berlin, Paris, Madrid, Rome, Vienna, Zurich, Amsterdam'.split(
    ', ',
  );
const STATES =
  'AL AK AZ CA CO CT DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR PA RI SC TN TX UT VA VT WA WI WV WY'.split(
    ' ',
  );
const HAN =
  '东西南北中上下大小新老金银玉石山水林泉河湖桥庄家王李张刘陈杨赵葛孟高马郭田吴周龙凤青红白黄平安福寿康宁永兴和';

export type Places = ReturnType<typeof places>;

export function places(random: Random, words: Words) {
  const areas = words.provinces.flatMap(({ name: province, cities }) =>
    cities.flatMap(({ name: city, areas: list }) =>
      list.map((area) => ({
        ...area,
        city: city === '市辖区' || city === '县' ? province : city,
        province,
      })),
    ),
  );
  const area = () => random.pick(areas);
  const digit = (low: number, high: number) => String(random.between(low, high));
  const short = (name: string) =>
    name.length > 2
      ? name.replace(
          /(特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|自治州|地区|[省市区县盟])$/,
          '',
        )
      : name;

  const room = () =>
    random.pick([
      () => `${digit(1, 60)}号楼${digit(1, 6)}单元${digit(101, 3204)}`,
      () => `${digit(1, 60)}号楼${digit(101, 3204)}${random.pick(['室', '', '号', '房'])}`,
      () =>
        `${digit(1, 30)}栋${digit(1, 5)}单元${digit(101, 3204)}${random.pick(['', '室', '号'])}`,
      () => `${digit(1, 30)}幢${digit(101, 3204)}${random.pick(['', '室'])}`,
      () => `${digit(1, 60)}-${digit(1, 6)}-${digit(101, 3204)}`,
      () => `${digit(1, 60)}-${digit(101, 3204)}`,
      () => `${random.char('ABCDEF')}座${digit(101, 3204)}${random.pick(['', '室'])}`,
      () =>
        `${random.char('ABCDEF甲乙丙')}栋${digit(1, 40)}楼${random.pick(['', '东户', '西户', `${digit(1, 8)}号`])}`,
      () => `${digit(1, 40)}${random.pick(['层', '楼'])}${random.pick(['', digit(101, 999)])}`,
      () => `${digit(101, 3204)}室`,
      () => `${digit(1, 30)}号院${digit(1, 20)}号楼${random.pick(['', digit(101, 2204)])}`,
      () => `${digit(1, 30)}门${digit(101, 704)}`,
      () =>
        `${random.pick(['一', '二', '三', '四', '五', '六', '七', '八', '十二'])}${random.pick(['单元', '号楼', '栋', '楼'])}${random.pick(['', `${random.pick(['东', '西'])}户`, digit(101, 904)])}`,
    ])();
  const roadName = () =>
    `${random.chance(0.75) ? random.pick(ROADS) : random.chars(HAN, 2)}${random.pick(['', '', '', '东', '西', '南', '北', '中', '一', '二'])}${random.pick(['路', '路', '路', '街', '大道', '巷', '大街', '胡同', '里', '弄', '路一段', '路北段'])}`;
  const estate = () =>
    `${random.chance(0.7) ? random.pick(ESTATES) : random.chars(HAN, 2)}${random.pick(ESTATE_TAILS)}`;
  const door = () =>
    `${digit(1, 1999)}${random.pick(['号', '号', '号', '弄', '号院', '号之一', '号附3号', '号乙'])}`;
  const street = () => roadName() + door();
  const village = () =>
    `${random.pick(words.towns)}${random.chars(HAN, random.between(1, 3))}${random.pick(['村', '村', '屯', '湾', '庄', '寨', '坝', '嘎查'])}${random.pick(['', `${digit(1, 20)}组`, `${digit(1, 300)}号`, `${random.pick(['一', '二', '三', '六'])}组${digit(1, 99)}号`, '村委会旁', `${digit(1, 9)}社`])}`;
  /** From the province down, with some of the levels left out as people do. */
  const head = () => {
    const { province, city, name } = area();
    const drop = (text: string) => (random.chance(0.2) ? short(text) : text);
    const parts = province === city ? [drop(city), name] : [drop(province), drop(city), name];
    return random.pick([
      parts.join(''),
      parts.join(''),
      parts.slice(1).join(''),
      parts.slice(-1).join(''),
      drop(city),
      parts.join(random.pick([' ', '', ''])),
    ]);
  };
  const site = () => {
    const kind = random.weighted({
      street: 30,
      streetRoom: 22,
      estate: 24,
      streetEstate: 12,
      village: 14,
    });
    switch (kind) {
      case 'street':
        return street();
      case 'streetRoom':
        return street() + random.pick(['', '', ' ']) + room();
      case 'estate':
        return estate() + random.pick(['', '', ' ']) + room();
      case 'streetEstate':
        return street() + estate() + room();
      default:
        return village();
    }
  };
  /** A full address. */
  const full = () => {
    const town = random.chance(0.12) ? random.pick(words.towns) : '';
    return `${head()}${town}${random.chance(0.06) ? ' ' : ''}${site()}`;
  };
  /** What people say when the city is understood. */
  const local = () =>
    random.pick([
      site,
      site,
      () => random.pick(areas).name + site(),
      () => estate() + room(),
      () => `${room()}`,
      () => `${estate()}${digit(1, 20)}期${room()}`,
      () => `${head()}${random.pick(words.towns)}`,
      () =>
        `${roadName()}与${roadName()}交叉口${random.pick(['东北角', '西侧', ''])}${estate()}${room()}`,
    ])();
  const latinStreet = () =>
    `${random.pick([`${digit(1, 9999)} `, `${digit(1, 999)} `, `${digit(1, 99)}${random.char('ABC')} `, `Flat ${digit(1, 40)}, ${digit(1, 200)} `, `Unit ${digit(1, 40)}, ${digit(1, 200)} `, `No. ${digit(1, 200)}, `])}${random.pick(['', '', '', 'N ', 'NE ', 'West ', 'Old ', 'Upper ', 'E. '])}${random.pick([random.pick(words.family), random.pick(words.family), capitalised(words, random), `${capitalised(words, random)} ${capitalised(words, random)}`, `${digit(1, 99)}th`])} ${random.pick(LATIN_STREETS)}`;
  const postal = () =>
    random.pick([
      () => `${random.pick(STATES)} ${random.chars('0123456789', 5)}`,
      () => `, ${random.pick(STATES)} ${random.chars('0123456789', 5)}`,
      () =>
        ` ${random.chars('ABCDEGHLMNPRSTW', random.between(1, 2))}${digit(1, 20)} ${digit(1, 9)}${random.chars('ABDEFGHJLNPQRSTUW', 2)}`,
      () => ` ${random.chars('0123456789', 5)}`,
      () => '',
      () => `, ${random.pick(STATES)}`,
    ])();
  const latin = () => {
    const kind = random.weighted({ usual: 74, continental: 14, hongKong: 8, street: 10 });
    const city = random.pick(LATIN_CITIES);
    if (kind === 'street') return latinStreet();
    if (kind === 'continental') {
      return `${random.pick([`${digit(1, 120)} Rue ${random.pick(['des ', 'de la ', 'du ', ''])}${random.pick(words.family)}`, `${random.pick(words.family)}${random.pick(['straße', 'str.', 'gasse', 'weg', 'laan', 'straat'])} ${digit(1, 150)}`, `Calle ${random.pick(words.family)} ${digit(1, 90)}`, `Via ${random.pick(words.family)} ${digit(1, 90)}`])}, ${random.chars('0123456789', 5)} ${city}`;
    }
    if (kind === 'hongKong') {
      return `${random.pick(['Flat', 'Room', 'Rm'])} ${digit(1, 30)}${random.pick(['', 'A', 'B', 'C'])}, ${digit(1, 40)}/F, ${random.pick(words.family)} ${random.pick(['Building', 'Court', 'Mansion', 'House', 'Tower', 'Centre'])}, ${digit(1, 300)} ${random.pick(['Nathan', 'Hennessy', "King's", "Queen's", 'Canton', 'Des Voeux', 'Jalan Besar'])} Road${random.pick(['', ', Kowloon', ', Hong Kong', ', Wan Chai'])}`;
    }
    const suite = random.chance(0.25)
      ? random.pick([
          `, Apt ${digit(1, 99)}`,
          `, Apt. ${digit(1, 20)}${random.char('ABC')}`,
          `, Suite ${digit(100, 900)}`,
          ` #${digit(1, 400)}`,
          `, Unit ${digit(1, 30)}`,
        ])
      : '';
    return `${latinStreet()}${suite}, ${city}${postal().replace(/^(?=[A-Z]{2} \d)/, ', ')}`;
  };
  return { area, short, full, local, latin, estate, roadName, head, site };
}

function capitalised(words: Words, random: Random): string {
  const word = words.english[random.below(6000)] ?? 'Willow';
  return word.charAt(0).toUpperCase() + word.slice(1);
}

export type { Area };
