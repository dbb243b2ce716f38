/**
 * Data types of 2.5.1 (chapter 2A) with their components: `TYPE name; TYPE name; …`. A type that is not here is one value. Older versions
 * have the first components of these; names of older versions for the same thing stand in `OLDER`.
 */
export const TYPES: Readonly<Record<string, string>> = {
  AUI: 'ST Authorization number; DT Date; ST Source',
  CE: 'ST Identifier; ST Text; ID Name of coding system; ST Alternate identifier; ST Alternate text; ID Name of alternate coding system',
  CNE: 'ST Identifier; ST Text; ID Name of coding system; ST Alternate identifier; ST Alternate text; ID Name of alternate coding system; ST Coding system version id; ST Alternate coding system version id; ST Original text',
  CNN: 'ST Id number; ST Family name; ST Given name; ST Further given names; ST Suffix; ST Prefix; IS Degree; IS Source table; IS Assigning authority namespace id; ST Assigning authority universal id; ID Assigning authority universal id type',
  CP: 'MO Price; ID Price type; NM From value; NM To value; CE Range units; ID Range type',
  CQ: 'NM Quantity; CE Units',
  CWE: 'ST Identifier; ST Text; ID Name of coding system; ST Alternate identifier; ST Alternate text; ID Name of alternate coding system; ST Coding system version id; ST Alternate coding system version id; ST Original text',
  CX: 'ST Id number; ST Check digit; ID Check digit scheme; HD Assigning authority; ID Identifier type code; HD Assigning facility; DT Effective date; DT Expiration date; CWE Assigning jurisdiction; CWE Assigning agency',
  DLD: 'IS Discharge location; TS Effective date',
  DLN: 'ST Licence number; IS Issuing state, province, country; DT Expiration date',
  DR: 'TS Range start date/time; TS Range end date/time',
  ED: 'HD Source application; ID Type of data; ID Data subtype; ID Encoding; TX Data',
  EI: 'ST Entity identifier; IS Namespace id; ST Universal id; ID Universal id type',
  EIP: 'EI Placer assigned identifier; EI Filler assigned identifier',
  ELD: 'ST Segment id; NM Segment sequence; NM Field position; CE Code identifying error',
  ERL: 'ST Segment id; NM Segment sequence; NM Field position; NM Field repetition; NM Component number; NM Sub-component number',
  FC: 'IS Financial class code; TS Effective date',
  FN: 'ST Surname; ST Own surname prefix; ST Own surname; ST Surname prefix from partner; ST Surname from partner',
  HD: 'IS Namespace id; ST Universal id; ID Universal id type',
  JCC: 'IS Job code; IS Job class; TX Job description text',
  LA1: 'IS Point of care; IS Room; IS Bed; HD Facility; IS Location status; IS Patient location type; IS Building; IS Floor; AD Address',
  LA2: 'IS Point of care; IS Room; IS Bed; HD Facility; IS Location status; IS Patient location type; IS Building; IS Floor; ST Street address; ST Other designation; ST City; ST State or province; ST Zip or postal code; ID Country; ID Address type; ST Other geographic designation',
  AD: 'ST Street address; ST Other designation; ST City; ST State or province; ST Zip or postal code; ID Country; ID Address type; ST Other geographic designation',
  MO: 'NM Quantity; ID Denomination',
  MOC: 'MO Monetary amount; CE Charge code',
  MSG: 'ID Message code; ID Trigger event; ID Message structure',
  NDL: 'CNN Name; TS Start date/time; TS End date/time; IS Point of care; IS Room; IS Bed; HD Facility; IS Location status; IS Patient location type; IS Building; IS Floor',
  NR: 'NM Low value; NM High value',
  OSD: 'ID Sequence/results flag; ST Placer order number: entity identifier; IS Placer order number: namespace id; ST Filler order number: entity identifier; IS Filler order number: namespace id; ST Sequence condition value; NM Maximum number of repeats; ST Placer order number: universal id; ID Placer order number: universal id type; ST Filler order number: universal id; ID Filler order number: universal id type',
  PL: 'IS Point of care; IS Room; IS Bed; HD Facility; IS Location status; IS Person location type; IS Building; IS Floor; ST Location description; EI Comprehensive location identifier; HD Assigning authority for location',
  PLN: 'ST Id number; IS Type of id number; ST State/other qualifying information; DT Expiration date',
  PPN: 'ST Id number; FN Family name; ST Given name; ST Further given names; ST Suffix; ST Prefix; IS Degree; IS Source table; HD Assigning authority; ID Name type code; ST Identifier check digit; ID Check digit scheme; ID Identifier type code; HD Assigning facility; TS Date/time action performed; ID Name representation code; CE Name context; DR Name validity range; ID Name assembly order; TS Effective date; TS Expiration date; ST Professional suffix; CWE Assigning jurisdiction; CWE Assigning agency or department',
  PRL: 'CE Parent observation identifier; ST Parent observation sub-identifier; TX Parent observation value descriptor',
  PT: 'ID Processing id; ID Processing mode',
  RI: 'IS Repeat pattern; ST Explicit time interval',
  RP: 'ST Pointer; HD Application id; ID Type of data; ID Subtype',
  RPT: 'CWE Repeat pattern code; ID Calendar alignment; NM Phase range begin value; NM Phase range end value; NM Period quantity; IS Period units; ID Institution specified time; ID Event; NM Event offset quantity; IS Event offset units; GTS General timing specification',
  SAD: 'ST Street or mailing address; ST Street name; ST Dwelling number',
  SN: 'ST Comparator; NM Num1; ST Separator/suffix; NM Num2',
  SPS: 'CWE Specimen source name or code; CWE Additives; TX Specimen collection method; CWE Body site; CWE Site modifier; CWE Collection method modifier code; CWE Specimen role',
  TQ: 'CQ Quantity; RI Interval; ST Duration; TS Start date/time; TS End date/time; ST Priority; ST Condition; TX Text; ID Conjunction; OSD Order sequencing; CE Occurrence duration; NM Total occurrences',
  TS: 'DTM Time; ID Degree of precision',
  VID: 'ID Version id; CE Internationalization code; CE International version id',
  XAD: 'SAD Street address; ST Other designation; ST City; ST State or province; ST Zip or postal code; ID Country; ID Address type; ST Other geographic designation; IS County/parish code; IS Census tract; ID Address representation code; DR Address validity range; TS Effective date; TS Expiration date',
  XCN: 'ST Id number; FN Family name; ST Given name; ST Further given names; ST Suffix; ST Prefix; IS Degree; IS Source table; HD Assigning authority; ID Name type code; ST Identifier check digit; ID Check digit scheme; ID Identifier type code; HD Assigning facility; ID Name representation code; CE Name context; DR Name validity range; ID Name assembly order; TS Effective date; TS Expiration date; ST Professional suffix; CWE Assigning jurisdiction; CWE Assigning agency or department',
  XON: 'ST Organization name; IS Organization name type code; NM Id number; NM Check digit; ID Check digit scheme; HD Assigning authority; ID Identifier type code; HD Assigning facility; ID Name representation code; ST Organization identifier',
  XPN: 'FN Family name; ST Given name; ST Further given names; ST Suffix; ST Prefix; IS Degree; ID Name type code; ID Name representation code; CE Name context; DR Name validity range; ID Name assembly order; TS Effective date; TS Expiration date; ST Professional suffix',
  XTN: 'ST Telephone number; ID Telecommunication use code; ID Telecommunication equipment type; ST Email address; NM Country code; NM Area/city code; NM Local number; NM Extension; ST Any text; ST Extension prefix; ST Speed dial code; ST Unformatted telephone number',
};

/** Types of one value. */
export const SIMPLE: ReadonlySet<string> = new Set(['DT', 'DTM', 'FT', 'GTS', 'ID', 'IS', 'NM', 'SI', 'ST', 'TM', 'TX']);

/** Other names in OBX-2 and older versions. */
export const OLDER: Readonly<Record<string, string>> = { CF: 'CE', CK: 'CX', CM: 'ST', CN: 'XCN', PN: 'XPN', TN: 'XTN' };
