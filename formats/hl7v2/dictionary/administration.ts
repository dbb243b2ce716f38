/**
 * Segments of chapters 2 and 3. One field a line, in order: `[@since] TYPE[*] name`, `*` = repeats, `@` = the version that brought it
 * where that is later than 2.3.1. Types as in 2.5.1; `*` alone as a type is decided by another field.
 */
export const ADMINISTRATION: Readonly<Record<string, string>> = {
  MSH: `ST Field separator
    ST Encoding characters
    HD Sending application
    HD Sending facility
    HD Receiving application
    HD Receiving facility
    TS Date/time of message
    ST Security
    MSG Message type
    ST Message control id
    PT Processing id
    VID Version id
    NM Sequence number
    ST Continuation pointer
    ID Accept acknowledgement type
    ID Application acknowledgement type
    ID Country code
    ID* Character set
    CE Principal language of message
    ID Alternate character set handling
    @2.4 EI* Message profile identifier`,
  SFT: `@2.5 XON Software vendor
    @2.5 ST Software version
    @2.5 ST Software product name
    @2.5 ST Software binary id
    @2.5 TX Software product information
    @2.5 TS Software install date`,
  MSA: `ID Acknowledgement code
    ST Message control id
    ST Text message
    NM Expected sequence number
    ID Delayed acknowledgement type
    CE Error condition`,
  ERR: `ELD* Error code and location
    @2.5 ERL* Error location
    @2.5 CWE HL7 error code
    @2.5 ID Severity
    @2.5 CWE Application error code
    @2.5 ST* Application error parameter
    @2.5 TX Diagnostic information
    @2.5 TX User message
    @2.5 IS* Inform person indicator
    @2.5 CWE Override type
    @2.5 CWE* Override reason code
    @2.5 XTN* Help desk contact point`,
  DSC: `ST Continuation pointer
    @2.4 ID Continuation style`,
  FHS: `ST File field separator
    ST File encoding characters
    HD File sending application
    HD File sending facility
    HD File receiving application
    HD File receiving facility
    TS File creation date/time
    ST File security
    ST File name/id
    ST File header comment
    ST File control id
    ST Reference file control id`,
  BHS: `ST Batch field separator
    ST Batch encoding characters
    HD Batch sending application
    HD Batch sending facility
    HD Batch receiving application
    HD Batch receiving facility
    TS Batch creation date/time
    ST Batch security
    ST Batch name/id/type
    ST Batch comment
    ST Batch control id
    ST Reference batch control id`,
  BTS: `ST Batch message count
    ST Batch comment
    NM* Batch totals`,
  FTS: `NM File batch count
    ST File trailer comment`,
  EVN: `ID Event type code
    TS Recorded date/time
    TS Date/time planned event
    IS Event reason code
    XCN* Operator id
    TS Event occurred
    @2.4 HD Event facility`,
  PID: `SI Set id
    CX Patient id
    CX* Patient identifier list
    CX* Alternate patient id
    XPN* Patient name
    XPN* Mother's maiden name
    TS Date/time of birth
    IS Administrative sex
    XPN* Patient alias
    CE* Race
    XAD* Patient address
    IS County code
    XTN* Phone number, home
    XTN* Phone number, business
    CE Primary language
    CE Marital status
    CE Religion
    CX Patient account number
    ST SSN number
    DLN Driver's licence number
    CX* Mother's identifier
    CE* Ethnic group
    ST Birth place
    ID Multiple birth indicator
    NM Birth order
    CE* Citizenship
    CE Veterans military status
    CE Nationality
    TS Patient death date and time
    ID Patient death indicator
    @2.4 ID Identity unknown indicator
    @2.4 IS* Identity reliability code
    @2.4 TS Last update date/time
    @2.4 HD Last update facility
    @2.4 CE Species code
    @2.4 CE Breed code
    @2.4 ST Strain
    @2.4 CE Production class code
    @2.5 CWE* Tribal citizenship`,
  PD1: `IS* Living dependency
    IS Living arrangement
    XON* Patient primary facility
    XCN* Patient primary care provider
    IS Student indicator
    IS Handicap
    IS Living will code
    IS Organ donor code
    ID Separate bill
    CX* Duplicate patient
    CE Publicity code
    ID Protection indicator
    @2.4 DT Protection indicator effective date
    @2.4 XON* Place of worship
    @2.4 CE* Advance directive code
    @2.4 IS Immunization registry status
    @2.4 DT Immunization registry status effective date
    @2.4 DT Publicity code effective date
    @2.4 IS Military branch
    @2.4 IS Military rank/grade
    @2.4 IS Military status`,
  PV1: `SI Set id
    IS Patient class
    PL Assigned patient location
    IS Admission type
    CX Preadmit number
    PL Prior patient location
    XCN* Attending doctor
    XCN* Referring doctor
    XCN* Consulting doctor
    IS Hospital service
    PL Temporary location
    IS Preadmit test indicator
    IS Re-admission indicator
    IS Admit source
    IS* Ambulatory status
    IS VIP indicator
    XCN* Admitting doctor
    IS Patient type
    CX Visit number
    FC* Financial class
    IS Charge price indicator
    IS Courtesy code
    IS Credit rating
    IS* Contract code
    DT* Contract effective date
    NM* Contract amount
    NM* Contract period
    IS Interest code
    IS Transfer to bad debt code
    DT Transfer to bad debt date
    IS Bad debt agency code
    NM Bad debt transfer amount
    NM Bad debt recovery amount
    IS Delete account indicator
    DT Delete account date
    IS Discharge disposition
    DLD Discharged to location
    CE Diet type
    IS Servicing facility
    IS Bed status
    IS Account status
    PL Pending location
    PL Prior temporary location
    TS Admit date/time
    TS* Discharge date/time
    NM Current patient balance
    NM Total charges
    NM Total adjustments
    NM Total payments
    CX Alternate visit id
    IS Visit indicator
    XCN* Other healthcare provider`,
  PV2: `PL Prior pending location
    CE Accommodation code
    CE Admit reason
    CE Transfer reason
    ST* Patient valuables
    ST Patient valuables location
    IS* Visit user code
    TS Expected admit date/time
    TS Expected discharge date/time
    NM Estimated length of inpatient stay
    NM Actual length of inpatient stay
    ST Visit description
    XCN* Referral source code
    DT Previous service date
    ID Employment illness related indicator
    IS Purge status code
    DT Purge status date
    IS Special program code
    ID Retention indicator
    NM Expected number of insurance plans
    IS Visit publicity code
    ID Visit protection indicator
    XON* Clinic organization name
    IS Patient status code
    IS Visit priority code
    DT Previous treatment date
    IS Expected discharge disposition
    DT Signature on file date
    DT First similar illness date
    CE Patient charge adjustment code
    IS Recurring service code
    ID Billing media code
    TS Expected surgery date and time
    ID Military partnership code
    ID Military non-availability code
    ID Newborn baby indicator
    ID Baby detained indicator
    @2.4 CE Mode of arrival code
    @2.4 CE* Recreational drug use code
    @2.4 CE Admission level of care code
    @2.4 CE* Precaution code
    @2.4 CE Patient condition code
    @2.4 IS Living will code
    @2.4 IS Organ donor code
    @2.4 CE* Advance directive code
    @2.4 DT Patient status effective date
    @2.4 TS Expected LOA return date/time
    @2.5 TS Expected pre-admission testing date/time
    @2.5 IS* Notify clergy code`,
  NK1: `SI Set id
    XPN* Name
    CE Relationship
    XAD* Address
    XTN* Phone number
    XTN* Business phone number
    CE Contact role
    DT Start date
    DT End date
    ST Next of kin job title
    JCC Next of kin job code/class
    CX Next of kin employee number
    XON* Organization name
    CE Marital status
    IS Administrative sex
    TS Date/time of birth
    IS* Living dependency
    IS* Ambulatory status
    CE* Citizenship
    CE Primary language
    IS Living arrangement
    CE Publicity code
    ID Protection indicator
    IS Student indicator
    CE Religion
    XPN* Mother's maiden name
    CE Nationality
    CE* Ethnic group
    CE* Contact reason
    XPN* Contact person's name
    XTN* Contact person's telephone number
    XAD* Contact person's address
    CX* Next of kin identifiers
    IS Job status
    CE* Race
    IS Handicap
    ST Contact person social security number
    @2.5 ST Next of kin birth place
    @2.5 IS VIP indicator`,
  MRG: `CX* Prior patient identifier list
    CX* Prior alternate patient id
    CX Prior patient account number
    CX Prior patient id
    CX Prior visit number
    CX Prior alternate visit id
    XPN* Prior patient name`,
  AL1: `SI Set id
    CE Allergen type code
    CE Allergen code
    CE Allergy severity code
    ST* Allergy reaction code
    DT Identification date`,
  IAM: `SI Set id
    CE Allergen type code
    CE Allergen code
    CE Allergy severity code
    ST* Allergy reaction code
    CNE Allergy action code
    EI Allergy unique identifier
    ST Action reason
    CE Sensitivity to causative agent code
    CE Allergen group code
    DT Onset date
    ST Onset date text
    TS Reported date/time
    XPN Reported by
    CE Relationship to patient code
    CE Alert device code
    CE Allergy clinical status code
    XCN Statused by person
    XON Statused by organization
    TS Statused at date/time`,
  ROL: `EI Role instance id
    ID Action code
    CE Role
    XCN* Role person
    TS Role begin date/time
    TS Role end date/time
    CE Role duration
    CE Role action reason
    @2.4 CE* Provider type
    @2.4 CE Organization unit type
    @2.4 XAD* Office/home address
    @2.4 XTN* Phone`,
};
