/** Segments of chapters 9, 10 and 11: documents, scheduling, referral. Lines as in administration.ts. */
export const CARE: Readonly<Record<string, string>> = {
  TXA: `SI Set id
    IS Document type
    ID Document content presentation
    TS Activity date/time
    XCN* Primary activity provider
    TS Origination date/time
    TS Transcription date/time
    TS* Edit date/time
    XCN* Originator
    XCN* Assigned document authenticator
    XCN* Transcriptionist
    EI Unique document number
    EI Parent document number
    EI* Placer order number
    EI Filler order number
    ST Unique document file name
    ID Document completion status
    ID Document confidentiality status
    ID Document availability status
    ID Document storage status
    ST Document change reason
    PPN* Authentication person, time stamp
    XCN* Distributed copies
    @2.7 CWE* Folder assignment
    @2.7 ST* Document title
    @2.7 DTM Agreed due date/time`,
  SCH: `EI Placer appointment id
    EI Filler appointment id
    NM Occurrence number
    EI Placer group number
    CE Schedule id
    CE Event reason
    CE Appointment reason
    CE Appointment type
    NM Appointment duration
    CE Appointment duration units
    TQ* Appointment timing quantity
    XCN* Placer contact person
    XTN Placer contact phone number
    XAD* Placer contact address
    PL Placer contact location
    XCN* Filler contact person
    XTN Filler contact phone number
    XAD* Filler contact address
    PL Filler contact location
    XCN* Entered by person
    XTN* Entered by phone number
    PL Entered by location
    EI Parent placer appointment id
    EI Parent filler appointment id
    CE Filler status code
    @2.4 EI* Placer order number
    @2.4 EI* Filler order number`,
  RGS: `SI Set id
    ID Segment action code
    CE Resource group id`,
  AIS: `SI Set id
    ID Segment action code
    CE Universal service identifier
    TS Start date/time
    NM Start date/time offset
    CE Start date/time offset units
    NM Duration
    CE Duration units
    IS Allow substitution code
    CE Filler status code
    @2.4 CE* Placer supplemental service information
    @2.4 CE* Filler supplemental service information`,
  AIG: `SI Set id
    ID Segment action code
    CE Resource id
    CE Resource type
    CE* Resource group
    NM Resource quantity
    CE Resource quantity units
    TS Start date/time
    NM Start date/time offset
    CE Start date/time offset units
    NM Duration
    CE Duration units
    IS Allow substitution code
    CE Filler status code`,
  AIL: `SI Set id
    ID Segment action code
    PL* Location resource id
    CE Location type
    CE Location group
    TS Start date/time
    NM Start date/time offset
    CE Start date/time offset units
    NM Duration
    CE Duration units
    IS Allow substitution code
    CE Filler status code`,
  AIP: `SI Set id
    ID Segment action code
    XCN* Personnel resource id
    CE Resource type
    CE Resource group
    TS Start date/time
    NM Start date/time offset
    CE Start date/time offset units
    NM Duration
    CE Duration units
    IS Allow substitution code
    CE Filler status code`,
  RF1: `CE Referral status
    CE Referral priority
    CE Referral type
    CE* Referral disposition
    CE Referral category
    EI Originating referral identifier
    TS Effective date
    TS Expiration date
    TS Process date
    CE* Referral reason
    EI* External referral identifier`,
  PRD: `CE* Provider role
    XPN* Provider name
    XAD* Provider address
    PL Provider location
    XTN* Provider communication information
    CE Preferred method of contact
    PLN* Provider identifiers
    TS Effective start date of provider role
    TS Effective end date of provider role`,
  CTD: `CE* Contact role
    XPN* Contact name
    XAD* Contact address
    PL Contact location
    XTN* Contact communication information
    CE Preferred method of contact
    PLN* Contact identifiers`,
};
