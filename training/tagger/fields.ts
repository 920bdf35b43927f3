// Fields of forms and messages: the keys under which people file a value, and the value's slot.

export interface Field {
  readonly slot: string;
  readonly weight: number;
  readonly keys: readonly string[];
}

const field = (slot: string, weight: number, keys: string): Field => ({
  slot,
  weight,
  keys: keys.split('|'),
});

/** Keys of fields whose values are sensitive. */
export const sensitiveFields: readonly Field[] = [
  field(
    'M',
    14,
    'name|realName|real_name|userName|user_name|fullName|full_name|holder|cardholder|cardHolder|contactName|contact_name|custName|cust_name|cust_nm|xm|xingming|nm|customer|applicant|owner|payee|payer|payeeName|recipient|receiver|consignee|sender|signer|operator|cn|displayName|display_name|accountName|acct_name|legalPerson|legal_rep|legalRep|beneficiary|insured|guardian|patient|patient_name|doctor|student|teacher|employee|emp_name|linkman|lxr|agent|author|creator|handler|reviewer|approver|assignee|witness|tenant|landlord|driver|passenger|guest|borrower|guarantor|Name|Full Name|Cardholder|Account Holder|Applicant|Patient|Bill To|Ship To|Attn|Contact|Recipient|Signed by|Owner|Insured|Beneficiary|to|from|by|user|person|member|n|who|p_name|in_charge|principal|buyer|seller|emergencyContact|spouse|father|mother|kin|nextOfKin',
  ),
  field(
    'N',
    12,
    '姓名|真实姓名|客户姓名|申请人|联系人|收件人|寄件人|收货人|持卡人|户名|开户名|经办人|法定代表人|法人|法人代表|负责人|受益人|投保人|被保险人|监护人|代理人|开户人|机主|户主|业主|车主|患者|患者姓名|学生姓名|家长姓名|考生姓名|员工姓名|紧急联系人|推荐人|担保人|借款人|委托人|受托人|审核人|复核人|填表人|制单|收款人|付款人|客户名称|客户|会员|乘客|入住人|租客|房东|承租人|出租人|甲方|乙方|签字|签名|主治医师|医师|经手人|领用人|操作员|柜员|处理人|登记人|报案人|当事人|司机|驾驶员|配偶|父亲|母亲|子女|名字|称呼|参保人|纳税人|死者|亡者|证明人|介绍人|队长|组长|班主任|面试官|应聘者|候选人',
  ),
  field('l', 1, 'lastName|last_name|surname|familyName|Last Name|Surname|sn|last'),
  field('g', 1, 'firstName|first_name|givenName|First Name|Given Names|first|forename|nick_real'),
  field('S', 0.5, '姓|姓氏|xing|surname'),
  field(
    'I',
    7,
    'idCard|id_card|idcard|idNo|id_no|idNumber|certNo|cert_no|certificateNo|certId|identity|identityNo|identity_no|sfzh|sfz|zjhm|nationalId|national_id|citizenId|ID No|ID Number|ID Card|credNum|cred_no|id_num|idcode|身份证|身份证号|身份证号码|证件号|证件号码|公民身份号码|公民身份证号码|居民身份证|证件|身份号|二代证号|身份证明号码|社会保障号|社保号|医保号|参保号',
  ),
  field(
    'PP',
    2,
    'passport|passportNo|passport_no|passport_number|docNo|document_number|travelDoc|Passport No|Passport|Passport Number|护照|护照号|护照号码|证件号码|旅行证件|docId',
  ),
  field(
    'J_hkMacau',
    0.6,
    'hkMacauPermit|hmPass|permitNo|permit_no|港澳通行证|通行证号码|通行证|回乡证|往来港澳通行证',
  ),
  field('J_hongKong', 0.5, 'hkid|HKID|香港身份证|hk_id'),
  field('J_taiwan', 0.5, 'taiwanPermit|tbz|台胞证|台湾通行证|台胞证号'),
  field(
    'J_social',
    0.9,
    'ssn|SSN|socialSecurity|social_security_number|Social Security|taxId|tin|TIN',
  ),
  field('J_singapore', 0.4, 'nric|NRIC|fin|FIN|ic_no'),
  field('J_insurance', 0.4, 'nino|NINO|niNumber|NI Number|National Insurance'),
  field('J_aadhaar', 0.4, 'aadhaar|Aadhaar|aadhar_no'),
  field('J_national', 0.5, 'dni|cpf|rut|rrn|personalNumber|National ID|id_document|idDoc'),
  field('J_military', 0.5, 'officerCert|military_id|军官证|士兵证|军人证件号|军官证号|警官证'),
  field(
    'J_driver',
    0.8,
    'driverLicense|driver_license|dlNo|licenseNo|license_number|DL|Licence No|驾驶证号|驾照|档案编号|驾照号',
  ),
  field('J_old', 0.3, '旧身份证|一代证|老身份证号|old_id'),
  field('J_residence', 0.3, '居住证|永居证|residencePermit|居留许可'),
  field(
    'J_professional',
    0.4,
    '执业证号|医师资格证|律师执业证号|教师资格证|资格证编号|practiceLicense|从业资格证号',
  ),
  field(
    'U',
    2.2,
    'uscc|usci|creditCode|credit_code|socialCreditCode|social_credit_code|unifiedCode|taxNo|orgCode|regNo|bizLicense|统一社会信用代码|信用代码|税号|纳税人识别号|社会信用代码|营业执照号|注册号|机构代码|执照编号',
  ),
  field(
    'C',
    10,
    'phone|mobile|tel|cell|phoneNo|phone_no|phoneNumber|phone_number|mobileNo|mobile_no|msisdn|cellphone|contact|contactPhone|contact_tel|sjh|lxdh|dh|telephone|tel_no|mob|receiverPhone|emergencyPhone|bindPhone|reservedMobile|loginName|account|username|Tel|Mobile|Phone|Phone Number|to|ph|hp|t|手机|手机号|手机号码|电话|联系电话|联系方式|移动电话|预留手机|预留手机号|联系手机|绑定手机|本人电话|收货电话|紧急联系电话|家长电话|手机（必填）|电话号码|联络方式|通讯号码|呼叫号码|主叫|被叫|机主号码',
  ),
  field(
    'L',
    1.6,
    'tel|telephone|landline|officePhone|office_phone|homePhone|fax|fixedLine|座机|固定电话|办公电话|传真|单位电话|家庭电话|固话|住宅电话',
  ),
  field(
    'F',
    2,
    'phone|Phone|mobile|tel|Tel|cell|Cell|contact|telephone|workPhone|Fax|Home Phone|Work|Daytime Phone|whatsapp',
  ),
  field(
    'mail',
    4,
    'email|mail|e-mail|Email|E-mail|E-Mail|userEmail|contactEmail|contact_email|login|username|account|loginName|mailbox|to|from|cc|replyTo|Reply-To|邮箱|电子邮箱|邮件|电子邮件|联系邮箱|邮件地址|邮箱地址|yx|注册邮箱|工作邮箱|个人邮箱|发票邮箱',
  ),
  field('wx', 1, 'wechat|wx|weixin|wechatId|wxid|微信|微信号|WeChat|vx|wechat_no'),
  field('qq', 1, 'qq|QQ|QQ号|qqNumber|qq_no|扣扣|QQ号码|im'),
  field(
    'tg',
    0.7,
    'telegram|tg|skype|line|twitter|whatsapp|discord|facebook|抖音号|钉钉|instagram',
  ),
  field(
    'P',
    7,
    'password|passwd|pwd|pass|userPwd|user_pwd|loginPassword|login_pwd|loginPwd|newPassword|new_password|newPwd|oldPassword|old_pwd|confirmPassword|confirm_password|secret|passphrase|passcode|credential|cred|pw|pswd|mm|adminPwd|dbPassword|db_password|ftpPass|smtpPassword|wifiKey|wifi_password|psk|initPwd|initial_password|Password|Passcode|New Password|auth|密码|登录密码|口令|初始密码|新密码|原密码|旧密码|确认密码|root密码|管理员密码|邮箱密码|系统密码|登陆密码|WiFi密码|开机密码|默认密码|临时密码',
  ),
  field(
    'SK',
    0.8,
    'clientSecret|client_secret|apiKey|api_secret|secretKey|secret_key|accessKeySecret|appSecret|app_secret|privateToken|signingKey|密钥',
  ),
  field(
    'O',
    3.2,
    'code|otp|smsCode|sms_code|verifyCode|verify_code|verificationCode|vcode|captcha|checkCode|authCode|auth_code|dynamicCode|totp|mfa|mfaCode|oneTimeCode|OTP|yzm|pinCode|Verification Code|token6|验证码|短信验证码|动态码|校验码|手机验证码|短信码|动态口令|一次性密码|邮箱验证码|随机码',
  ),
  field(
    'K',
    2,
    'pin|PIN|payPwd|pay_pwd|payPassword|pay_password|tradePwd|trade_password|atmPin|txnPin|cardPin|支付密码|交易密码|取款密码|查询密码|资金密码|银行卡密码|支付口令|数字密码',
  ),
  field(
    'SC',
    0.8,
    'doorCode|accessCode|gate_code|pickupCode|extractCode|roomPwd|meetingPwd|取件码|提取码|门禁密码|会议密码|开门码|解压密码|核销码',
  ),
  field(
    'PH',
    0.4,
    'passphrase|mnemonic|seedPhrase|recovery_phrase|口令|密保答案|助记词|securityAnswer',
  ),
  field(
    'B',
    6,
    'card|cardNo|card_no|bankCard|bank_card|bankCardNo|pan|PAN|cardNumber|card_number|acctNo|acct_no|acct|debitCard|creditCard|payAccount|bankAccount|cardNum|yhkh|kh|bindCard|toAccount|fromAccount|payeeAcct|Card No|Card Number|Card|银行卡|银行卡号|卡号|账号|储蓄卡|信用卡号|信用卡|收款账号|付款账号|付款卡|工资卡|还款卡号|借记卡号|绑定卡|退款账号|银行账户|收款卡号|还款账户|打款账号',
  ),
  field(
    'V',
    1.6,
    'cvv|cvv2|cvc|cvc2|CVV|CVC|cvn|cvn2|securityCode|security_code|csc|安全码|卡背面三位|校验三位',
  ),
  field(
    'Y',
    1.6,
    'exp|expiry|expire|expDate|exp_date|expiration|validThru|valid_thru|validTo|cardExpiry|Expiry|EXP|Valid Thru|有效期|卡有效期|到期日|有效期至',
  ),
  field('IB', 0.8, 'iban|IBAN|payeeIban|国际账号'),
  field(
    'AC',
    2,
    'account_no|accountNo|accountNumber|account_number|bankAccountNo|corpAccount|acct|a/c|Account|Account No|Account Number|对公账户|银行账号|公司账号|结算账户|账户|开户账号|基本户账号|存折账号|公积金账号|收款账户',
  ),
  field(
    'W',
    0.8,
    'wallet|walletAddress|wallet_address|btc|btcAddress|ethAddress|usdt|cryptoAddress|withdrawAddress|钱包地址|提币地址|充币地址',
  ),
  field(
    'TD',
    3.2,
    'fingerprint|fingerPrint|finger|fp|fpTemplate|fp_template|fpData|fingerData|finger_data|faceFeature|face_feature|face|faceVec|face_vec|faceData|faceEmbedding|face_embedding|faceVector|featureVector|iris|irisCode|iris_code|voiceprint|voice_print|voice|vprint|voiceFeature|palm|palmVein|vein|fingerVein|biometric|bioTemplate|bio_template|bioData|dna|retina|gait|template|feature|features|embedding|descriptor|minutiae|指纹|指纹特征|指纹模板|指纹数据|人脸|人脸特征|人脸数据|人脸特征值|面部特征|人脸向量|虹膜|虹膜特征|虹膜编码|声纹|声纹特征|掌纹|掌静脉|指静脉|静脉特征|生物特征|特征值|特征向量|步态特征',
  ),
  field(
    'TC',
    1.6,
    'faceId|face_id|faceToken|face_token|fpId|fingerId|irisId|voiceId|voice_id|templateId|template_id|sampleId|sample_id|bioId|palmId|enrolId|faceKey|biometricRef|subjectTemplate|人脸ID|声纹编号|指纹编号|模板编号|样本编号|虹膜编号|人脸编号|掌纹编号|DNA编号|生物样本号',
  ),
  field(
    'H',
    6,
    'address|addr|homeAddress|home_addr|homeAddr|receiverAddress|shippingAddress|deliveryAddress|liveAddr|residence|domicile|permanentAddress|regAddr|zz|dz|lxdz|location|住址|地址|家庭住址|家庭地址|收货地址|户籍地址|户籍|通讯地址|现住址|联系地址|居住地址|寄送地址|邮寄地址|详细地址|户口所在地|经常居住地|籍贯地址|安装地址|取件地址|送货地址|单位地址|房产地址|房屋坐落|出险地点|上门地址|常住地址|投递地址|身份证地址',
  ),
  field(
    'HE',
    2,
    'address|addr|Address|street|shippingAddress|shipping_address|billingAddress|Mailing Address|Home Address|residence|Ship To|Bill To|Street Address|Location|domicile',
  ),
];

/** Keys of fields whose values are nobody's secret. */
export const openFields: readonly Field[] = [
  field(
    'ord',
    5,
    'orderNo|order_no|orderId|order_id|tradeNo|trade_no|serialNo|serial|seq|seqNo|refNo|ref|bizNo|billNo|batchNo|policyNo|contractNo|caseNo|ticket|invoice|invoiceNo|trackingNo|waybill|expressNo|sn|flowNo|outTradeNo|MRN|Order|Ref|Invoice|Case|Ticket|订单号|流水号|单号|受理号|业务流水|交易号|合同编号|保单号|批次号|运单号|快递单号|发票号码|案号|工单号|凭证号|申请编号|登记号|门诊号|住院号|病历号|学号|准考证号|编号|序号|设备编号|资产编号',
  ),
  field('fid', 0.8, 'orderNo|serial|flowId|bizSeq|流水号|编号|样品编号|批号|订单编号'),
  field(
    'hex',
    3,
    'sign|signature|digest|hash|md5|sha1|sha256|checksum|etag|crc|fileHash|commit|nonce|sig|mac|签名|摘要|校验值|哈希|文件指纹|校验和',
  ),
  field(
    'uuid',
    2.4,
    'traceId|trace_id|requestId|request_id|reqId|uuid|guid|deviceId|device_id|sessionId|jti|eventId|msgId|correlationId|tenantId|任务ID|请求ID|会话',
  ),
  field(
    'sess',
    1.4,
    'token|accessToken|access_token|refreshToken|session|sid|jsessionid|ticket|kid|appId|appid|openid|unionid|clientId|state',
  ),
  field(
    'ts',
    2,
    'ts|timestamp|time|created|createdAt|created_at|updatedAt|updated_at|date|issuedAt|exp|iat|时间|创建时间|更新时间|操作时间|交易时间',
  ),
  field(
    'date',
    2.4,
    'date|dob|birthday|birth|birthDate|DOB|issueDate|validFrom|effectiveDate|Date|出生日期|出生|生日|签发日期|日期|入职日期|办理日期|有效期起|开户日期|检验日期',
  ),
  field(
    'amt',
    2.2,
    'amount|amt|price|total|fee|balance|bal|money|limit|credit|salary|Amount|Total|金额|价格|余额|合计|费用|额度|月收入|保额|工资|应付|实付',
  ),
  field('ip', 0.8, 'ip|host|server|clientIp|client_ip|remoteAddr|endpoint|IP地址|服务器'),
  field('ver', 0.8, 'version|ver|appVersion|sdkVersion|osVersion|firmware|版本|版本号|build'),
  field(
    'word',
    3,
    'channel|platform|source|os|device|type|kind|level|lang|scene|category|event|action|op|method|plan|渠道|类型|性别|民族|级别|科别|来源|业务类型|险种|学历|婚姻状况|关系|与本人关系|国籍|职业|状态|结果|用途',
  ),
  field(
    'state',
    2.4,
    'status|state|result|code|msg|message|ok|success|ret|enabled|remember|verified|flag|状态码|结果|备注',
  ),
  field(
    'bg',
    2.4,
    'remark|memo|note|comment|desc|description|reason|content|备注|说明|原因|摘要说明|附言|诊断|事由|用途|主诉|意见',
  ),
  field(
    'org',
    2.4,
    'company|corp|org|orgName|companyName|enterprise|merchant|merchantName|shop|bank|bankName|branch|employer|hospital|school|公司|单位|单位名称|企业名称|公司名称|名称|商户|开户行|开户银行|工作单位|入会机构|医院|学校|部门|品牌|承保机构|签发机关',
  ),
  field(
    'num',
    2.6,
    'uid|userId|user_id|id|bizId|page|size|count|score|age|qty|num|index|limit|offset|empNo|jobNo|rows|port|retry|工号|数量|年龄|页码|得分|次数|邮编|zip|postcode',
  ),
  field(
    'digits',
    3,
    'cnaps|bankCode|routing|routingNo|skuId|itemId|goodsId|productId|shopId|storeId|imei|isbn|barcode|ean|postal|zipcode|mrn|MRN|chartNo|memberNo|vipNo|cardSeq|branchNo|mcc|terminalNo|merchantNo|channelNo|taskId|nodeId|roomNo|seatNo|发票代码|发票号码|联行号|行号|商品编码|条码|终端号|商户号|网点号|门店编号|会员号|病案号|床号|座位号|柜号|档口|税控盘号|机器编号|区号|校验位|积分|会议号|群号|房间号|工号|批准文号|备案号|许可证号|注册证号|车架号|发动机号|电表号|水表号|户号',
  ),
  field('n4', 0.8, 'last4|tail|cardTail|tailNo|卡尾号|手机尾号|末四位|后四位'),
  field(
    'user',
    1,
    'username|user|loginName|nick|nickname|nickName|screenName|account|uname|用户名|登录名|昵称|网名',
  ),
  field('mask', 1.4, 'mobile|phone|idCard|cardNo|password|name|手机号|身份证号|卡号|密码|姓名|pwd'),
  field(
    'empty',
    1.2,
    'password|email|phone|mobile|idCard|name|address|pwd|cardNo|密码|手机|地址|姓名|token|faceId',
  ),
  field(
    'model',
    0.8,
    'model|deviceModel|sku|product|productName|title|goods|item|spec|型号|规格|品名|商品|车型|设备|采集设备|终端|机型|仪器|deviceType|ua|userAgent',
  ),
  field('url', 0.8, 'url|uri|path|callback|notifyUrl|redirect|avatar|link|网址|链接|回调地址'),
  field(
    'city',
    0.8,
    'city|province|region|area|district|origin|destination|城市|省份|地区|所在城市|籍贯|出发地|目的地',
  ),
];
