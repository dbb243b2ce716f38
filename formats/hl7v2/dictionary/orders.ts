/** Segments of chapters 4 and 7: orders, medicines, vaccinations, results. Lines as in administration.ts. */
export const ORDERS: Readonly<Record<string, string>> = {
  ORC: `ID Order control
    EI Placer order number
    EI Filler order number
    EI Placer group number
    ID Order status
    ID Response flag
    TQ* Quantity/timing
    EIP Parent
    TS Date/time of transaction
    XCN* Entered by
    XCN* Verified by
    XCN* Ordering provider
    PL Enterer's location
    XTN* Call back phone number
    TS Order effective date/time
    CE Order control code reason
    CE Entering organization
    CE Entering device
    XCN* Action by
    CE Advanced beneficiary notice code
    XON* Ordering facility name
    XAD* Ordering facility address
    XTN* Ordering facility phone number
    XAD* Ordering provider address
    @2.4 CWE Order status modifier
    @2.5 CWE Advanced beneficiary notice override reason
    @2.5 TS Filler's expected availability date/time
    @2.5 CWE Confidentiality code
    @2.5 CWE Order type
    @2.5 CNE Enterer authorization mode
    @2.5.1 CWE Parent universal service identifier`,
  OBR: `SI Set id
    EI Placer order number
    EI Filler order number
    CE Universal service identifier
    ID Priority
    TS Requested date/time
    TS Observation date/time
    TS Observation end date/time
    CQ Collection volume
    XCN* Collector identifier
    ID Specimen action code
    CE Danger code
    ST Relevant clinical information
    TS Specimen received date/time
    SPS Specimen source
    XCN* Ordering provider
    XTN* Order callback phone number
    ST Placer field 1
    ST Placer field 2
    ST Filler field 1
    ST Filler field 2
    TS Results report/status change date/time
    MOC Charge to practice
    ID Diagnostic service section id
    ID Result status
    PRL Parent result
    TQ* Quantity/timing
    XCN* Result copies to
    EIP Parent
    ID Transportation mode
    CE* Reason for study
    NDL Principal result interpreter
    NDL* Assistant result interpreter
    NDL* Technician
    NDL* Transcriptionist
    TS Scheduled date/time
    NM Number of sample containers
    CE* Transport logistics of collected sample
    CE* Collector's comment
    CE Transport arrangement responsibility
    ID Transport arranged
    ID Escort required
    CE* Planned patient transport comment
    CE Procedure code
    CE* Procedure code modifier
    @2.4 CE* Placer supplemental service information
    @2.4 CE* Filler supplemental service information
    @2.5 CWE Medically necessary duplicate procedure reason
    @2.5 IS Result handling
    @2.5.1 CWE Parent universal service identifier`,
  OBX: `SI Set id
    ID Value type
    CE Observation identifier
    ST Observation sub-id
    ** Observation value
    CE Units
    ST References range
    IS* Abnormal flags
    NM Probability
    ID* Nature of abnormal test
    ID Observation result status
    TS Effective date of reference range
    ST User defined access checks
    TS Date/time of the observation
    CE Producer's id
    XCN* Responsible observer
    CE* Observation method
    @2.4 EI* Equipment instance identifier
    @2.4 TS Date/time of the analysis
    @2.5.1 ST Reserved
    @2.5.1 ST Reserved
    @2.5.1 ST Reserved
    @2.5.1 XON Performing organization name
    @2.5.1 XAD Performing organization address
    @2.5.1 XCN Performing organization medical director`,
  NTE: `SI Set id
    ID Source of comment
    FT* Comment
    CE Comment type`,
  SPM: `@2.5 SI Set id
    @2.5 EIP Specimen id
    @2.5 EIP* Specimen parent ids
    @2.5 CWE Specimen type
    @2.5 CWE* Specimen type modifier
    @2.5 CWE* Specimen additives
    @2.5 CWE Specimen collection method
    @2.5 CWE Specimen source site
    @2.5 CWE* Specimen source site modifier
    @2.5 CWE Specimen collection site
    @2.5 CWE* Specimen role
    @2.5 CQ Specimen collection amount
    @2.5 NM Grouped specimen count
    @2.5 ST* Specimen description
    @2.5 CWE* Specimen handling code
    @2.5 CWE* Specimen risk code
    @2.5 DR Specimen collection date/time
    @2.5 TS Specimen received date/time
    @2.5 TS Specimen expiration date/time
    @2.5 ID Specimen availability
    @2.5 CWE* Specimen reject reason
    @2.5 CWE Specimen quality
    @2.5 CWE Specimen appropriateness
    @2.5 CWE* Specimen condition
    @2.5 CQ Specimen current quantity
    @2.5 NM Number of specimen containers
    @2.5 CWE Container type
    @2.5 CWE Container condition
    @2.5 CWE Specimen child role`,
  TQ1: `@2.5 SI Set id
    @2.5 CQ Quantity
    @2.5 RPT* Repeat pattern
    @2.5 TM* Explicit time
    @2.5 CQ* Relative time and units
    @2.5 CQ Service duration
    @2.5 TS Start date/time
    @2.5 TS End date/time
    @2.5 CWE* Priority
    @2.5 TX Condition text
    @2.5 TX Text instruction
    @2.5 ID Conjunction
    @2.5 CQ Occurrence duration
    @2.5 NM Total occurrences`,
  TQ2: `@2.5 SI Set id
    @2.5 ID Sequence/results flag
    @2.5 EI* Related placer number
    @2.5 EI* Related filler number
    @2.5 EI* Related placer group number
    @2.5 ID Sequence condition code
    @2.5 ID Cyclic entry/exit indicator
    @2.5 CQ Sequence condition time interval
    @2.5 NM Cyclic group maximum number of repeats
    @2.5 ID Special service request relationship`,
  RXO: `CE Requested give code
    NM Requested give amount, minimum
    NM Requested give amount, maximum
    CE Requested give units
    CE Requested dosage form
    CE* Provider's pharmacy/treatment instructions
    CE* Provider's administration instructions
    LA1 Deliver-to location
    ID Allow substitutions
    CE Requested dispense code
    NM Requested dispense amount
    CE Requested dispense units
    NM Number of refills
    XCN* Ordering provider's DEA number
    XCN* Pharmacist/treatment supplier's verifier id
    ID Needs human review
    ST Requested give per (time unit)
    NM Requested give strength
    CE Requested give strength units
    CE* Indication
    ST Requested give rate amount
    CE Requested give rate units
    CQ Total daily dose
    @2.4 CE* Supplementary code
    @2.5 NM Requested drug strength volume
    @2.5 CWE Requested drug strength volume units
    @2.5 ID Pharmacy order type
    @2.5 NM Dispensing interval`,
  RXE: `TQ Quantity/timing
    CE Give code
    NM Give amount, minimum
    NM Give amount, maximum
    CE Give units
    CE Give dosage form
    CE* Provider's administration instructions
    LA1 Deliver-to location
    ID Substitution status
    NM Dispense amount
    CE Dispense units
    NM Number of refills
    XCN* Ordering provider's DEA number
    XCN* Pharmacist/treatment supplier's verifier id
    ST Prescription number
    NM Number of refills remaining
    NM Number of refills/doses dispensed
    TS Date/time of most recent refill or dose dispensed
    CQ Total daily dose
    ID Needs human review
    CE* Pharmacy/treatment supplier's special dispensing instructions
    ST Give per (time unit)
    ST Give rate amount
    CE Give rate units
    NM Give strength
    CE Give strength units
    CE* Give indication
    NM Dispense package size
    CE Dispense package size unit
    ID Dispense package method
    @2.4 CE* Supplementary code
    @2.5 TS Original order date/time
    @2.5 NM Give drug strength volume
    @2.5 CWE Give drug strength volume units
    @2.5 CWE Controlled substance schedule
    @2.5 ID Formulary status
    @2.5 CWE* Pharmaceutical substance alternative
    @2.5 CWE Pharmacy of most recent fill
    @2.5 NM Initial dispense amount
    @2.5 CWE Dispensing pharmacy
    @2.5 XAD Dispensing pharmacy address
    @2.5 PL Deliver-to patient location
    @2.5 XAD Deliver-to address
    @2.5 ID Pharmacy order type`,
  RXR: `CE Route
    CWE Administration site
    CE Administration device
    CWE Administration method
    CE Routing instruction
    @2.5 CWE Administration site modifier`,
  RXC: `ID Component type
    CE Component code
    NM Component amount
    CE Component units
    NM Component strength
    CE Component strength units
    @2.4 CE* Supplementary code
    @2.5 NM Component drug strength volume
    @2.5 CWE Component drug strength volume units`,
  RXA: `NM Give sub-id counter
    NM Administration sub-id counter
    TS Date/time start of administration
    TS Date/time end of administration
    CE Administered code
    NM Administered amount
    CE Administered units
    CE Administered dosage form
    CE* Administration notes
    XCN* Administering provider
    LA2 Administered-at location
    ST Administered per (time unit)
    NM Administered strength
    CE Administered strength units
    ST* Substance lot number
    TS* Substance expiration date
    CE* Substance manufacturer name
    CE* Substance/treatment refusal reason
    CE* Indication
    ID Completion status
    ID Action code
    TS System entry date/time
    @2.5 NM Administered drug strength volume
    @2.5 CWE Administered drug strength volume units
    @2.5 CWE Administered barcode identifier
    @2.5 ID Pharmacy order type`,
};
