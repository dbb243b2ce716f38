/** Segments of chapter 6: diagnosis, procedure, guarantor, insurance, accident. Lines as in administration.ts. */
export const FINANCE: Readonly<Record<string, string>> = {
  DG1: `SI Set id
    ID Diagnosis coding method
    CE Diagnosis code
    ST Diagnosis description
    TS Diagnosis date/time
    IS Diagnosis type
    CE Major diagnostic category
    CE Diagnostic related group
    ID DRG approval indicator
    IS DRG grouper review code
    CE Outlier type
    NM Outlier days
    CP Outlier cost
    ST Grouper version and type
    ID Diagnosis priority
    XCN* Diagnosing clinician
    IS Diagnosis classification
    ID Confidential indicator
    TS Attestation date/time
    @2.5 EI Diagnosis identifier
    @2.5 ID Diagnosis action code`,
  PR1: `SI Set id
    IS Procedure coding method
    CE Procedure code
    ST Procedure description
    TS Procedure date/time
    IS Procedure functional type
    NM Procedure minutes
    XCN* Anesthesiologist
    IS Anesthesia code
    NM Anesthesia minutes
    XCN* Surgeon
    XCN* Procedure practitioner
    CE Consent code
    ID Procedure priority
    CE Associated diagnosis code
    CE* Procedure code modifier
    @2.4 IS Procedure DRG type
    @2.4 CE* Tissue type code
    @2.5 EI Procedure identifier
    @2.5 ID Procedure action code`,
  ACC: `TS Accident date/time
    CE Accident code
    ST Accident location
    CE Auto accident state
    ID Accident job related indicator
    ID Accident death indicator
    @2.4 XCN Entered by
    @2.4 ST Accident description
    @2.4 ST Brought in by
    @2.4 ID Police notified indicator
    @2.5 XAD Accident address`,
  GT1: `SI Set id
    CX* Guarantor number
    XPN* Guarantor name
    XPN* Guarantor spouse name
    XAD* Guarantor address
    XTN* Guarantor phone number, home
    XTN* Guarantor phone number, business
    TS Guarantor date/time of birth
    IS Guarantor administrative sex
    IS Guarantor type
    CE Guarantor relationship
    ST Guarantor SSN
    DT Guarantor date, begin
    DT Guarantor date, end
    NM Guarantor priority
    XPN* Guarantor employer name
    XAD* Guarantor employer address
    XTN* Guarantor employer phone number
    CX* Guarantor employee id number
    IS Guarantor employment status
    XON* Guarantor organization name
    ID Guarantor billing hold flag
    CE Guarantor credit rating code
    TS Guarantor death date and time
    ID Guarantor death flag
    CE Guarantor charge adjustment code
    CP Guarantor household annual income
    NM Guarantor household size
    CX* Guarantor employer id number
    CE Guarantor marital status code
    DT Guarantor hire effective date
    DT Employment stop date
    IS Living dependency
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
    XPN* Contact person's name
    XTN* Contact person's telephone number
    CE Contact reason
    IS Contact relationship
    ST Job title
    JCC Job code/class
    XON* Guarantor employer's organization name
    IS Handicap
    IS Job status
    FC Guarantor financial class
    CE* Guarantor race
    @2.5 ST Guarantor birth place
    @2.5 IS VIP indicator`,
  IN1: `SI Set id
    CE Insurance plan id
    CX* Insurance company id
    XON* Insurance company name
    XAD* Insurance company address
    XPN* Insurance company contact person
    XTN* Insurance company phone number
    ST Group number
    XON* Group name
    CX* Insured's group employer id
    XON* Insured's group employer name
    DT Plan effective date
    DT Plan expiration date
    AUI Authorization information
    IS Plan type
    XPN* Name of insured
    CE Insured's relationship to patient
    TS Insured's date of birth
    XAD* Insured's address
    IS Assignment of benefits
    IS Coordination of benefits
    ST Coordination of benefits priority
    ID Notice of admission flag
    DT Notice of admission date
    ID Report of eligibility flag
    DT Report of eligibility date
    IS Release information code
    ST Pre-admit cert
    TS Verification date/time
    XCN* Verification by
    IS Type of agreement code
    IS Billing status
    NM Lifetime reserve days
    NM Delay before lifetime reserve day
    IS Company plan code
    ST Policy number
    CP Policy deductible
    CP Policy limit, amount
    NM Policy limit, days
    CP Room rate, semi-private
    CP Room rate, private
    CE Insured's employment status
    IS Insured's administrative sex
    XAD* Insured's employer's address
    ST Verification status
    IS Prior insurance plan id
    IS Coverage type
    IS Handicap
    CX* Insured's id number
    @2.5 IS Signature code
    @2.5 DT Signature code date
    @2.5 ST Insured's birth place
    @2.5 IS VIP indicator`,
};
