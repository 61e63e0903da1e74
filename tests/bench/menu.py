"""What the generated charts are filled from: the everyday codes of Synthea, most of them of no interest to a rule."""

Range = tuple[str, str, str, float, float]

TWITCH = ("82470000", "Fasciculation")
LOW_LABS: tuple[Range, ...] = (
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 3.5, 5.1),
    ("1989-3", "25-hydroxyvitamin D3 [Mass/volume] in Serum or Plasma", "ng/mL", 20, 60),
)
ANXIETY = ("70274-6", "Generalized anxiety disorder 7 item (GAD-7) total score", "{score}", 14.0, 14.0)
TELLING_MEDICINES = (
    ("312617", "prednisone 5 MG Oral Tablet"),
    ("312961", "simvastatin 20 MG Oral Tablet"),
)
LABS: tuple[Range, ...] = (
    ("2339-0", "Glucose [Mass/volume] in Blood", "mg/dL", 65, 99),
    ("6299-2", "Urea nitrogen [Mass/volume] in Blood", "mg/dL", 7, 20),
    ("38483-4", "Creatinine [Mass/volume] in Blood", "mg/dL", 0.6, 1.2),
    ("49765-1", "Calcium [Mass/volume] in Blood", "mg/dL", 8.5, 10.2),
    ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "mg/dL", 8.5, 10.2),
    ("2947-0", "Sodium [Moles/volume] in Blood", "mmol/L", 136, 144),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 136, 144),
    ("6298-4", "Potassium [Moles/volume] in Blood", "mmol/L", 3.7, 5.2),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 3.5, 5.1),
    ("2069-3", "Chloride [Moles/volume] in Blood", "mmol/L", 101, 111),
    ("20565-8", "Carbon dioxide, total [Moles/volume] in Blood", "mmol/L", 20, 29),
    ("19123-9", "Magnesium [Mass/volume] in Serum or Plasma", "mg/dL", 1.7, 2.2),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 4.0, 5.6),
    ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL", 120, 199),
    ("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma", "mg/dL", 50, 149),
    ("18262-6", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by Direct assay", "mg/dL", 60, 129),
    ("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma", "mg/dL", 40, 80),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", 4.5, 11),
    ("789-8", "Erythrocytes [#/volume] in Blood by Automated count", "10*6/uL", 4.2, 5.9),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 13.5, 17.5),
    ("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count", "%", 41, 53),
    ("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL", 150, 400),
    ("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", "m[IU]/L", 0.4, 4.0),
    ("2132-9", "Cobalamin (Vitamin B12) [Mass/volume] in Serum or Plasma", "pg/mL", 350, 900),
    ("1751-7", "Albumin [Mass/volume] in Serum or Plasma", "g/dL", 3.5, 5.0),
    ("6768-6", "Alkaline phosphatase [Enzymatic activity/volume] in Serum or Plasma", "U/L", 40, 130),
)
SMOKING, PRESSURE = "72166-2", "85354-9"
VITALS: tuple[Range, ...] = (
    ("8302-2", "Body Height", "cm", 178, 181),
    ("29463-7", "Body Weight", "kg", 78, 86),
    ("39156-5", "Body Mass Index", "kg/m2", 24, 27),
    ("8867-4", "Heart rate", "/min", 58, 88),
    ("9279-1", "Respiratory rate", "/min", 12, 18),
    ("8310-5", "Body temperature", "Cel", 36.2, 37.1),
    ("72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported", "{score}", 0, 4),
    (SMOKING, "Tobacco smoking status NHIS", "", 0, 0),
    (PRESSURE, "Blood Pressure", "", 0, 0),
)
PRESSURES = (("8480-6", "Systolic Blood Pressure", 112, 138), ("8462-4", "Diastolic Blood Pressure", 66, 86))
CONDITIONS = (
    ("59621000", "Essential hypertension (disorder)"),
    ("15777000", "Prediabetes"),
    ("162864005", "Body mass index 30+ - obesity (finding)"),
    ("444814009", "Viral sinusitis (disorder)"),
    ("195662009", "Acute viral pharyngitis (disorder)"),
    ("10509002", "Acute bronchitis (disorder)"),
    ("55822004", "Hyperlipidemia"),
    ("271737000", "Anemia (disorder)"),
    ("40055000", "Chronic sinusitis (disorder)"),
    ("239873007", "Osteoarthritis of knee"),
    ("73595000", "Stress (finding)"),
    ("160903007", "Full-time employment (finding)"),
    ("314529007", "Medication review due (situation)"),
    ("66383009", "Gingivitis (disorder)"),
)
MEDICINES = (
    ("314076", "lisinopril 10 MG Oral Tablet"),
    ("310798", "Hydrochlorothiazide 25 MG Oral Tablet"),
    ("860975", "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet"),
    ("308136", "amLODIPine 2.5 MG Oral Tablet"),
    ("313782", "Acetaminophen 325 MG Oral Tablet"),
    ("310965", "Ibuprofen 200 MG Oral Tablet"),
    ("562251", "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet"),
    ("245314", "albuterol 5 MG/ML Inhalation Solution"),
    ("197591", "Diazepam 5 MG Oral Tablet"),
    ("849574", "Naproxen sodium 220 MG Oral Tablet"),
)
VISITS = (
    ("162673000", "General examination of patient (procedure)"),
    ("185345009", "Encounter for symptom"),
    ("390906007", "Follow-up encounter"),
)
PROCEDURES = (
    ("430193006", "Medication Reconciliation (procedure)"),
    ("710824005", "Assessment of health and social care needs (procedure)"),
    ("23426006", "Measurement of respiratory function (procedure)"),
    ("117015009", "Throat culture (procedure)"),
    ("73761001", "Colonoscopy"),
    ("29303009", "Electrocardiographic procedure"),
    ("42825003", "Cannulation (procedure)"),
)
REPORTS = (
    ("51990-0", "Basic Metabolic Panel", ("Glucose", "Urea Nitrogen", "Creatinine", "Calcium", "Sodium", "Potassium")),
    ("57698-3", "Lipid Panel", ("Total Cholesterol", "Triglycerides", "Low Density Lipoprotein Cholesterol")),
    ("58410-2", "Complete blood count panel", ("Leukocytes", "Erythrocytes", "Hemoglobin", "Hematocrit", "Platelets")),
)
SENTENCES = (
    "<b>Generated Narrative</b> with details from the laboratory information system. ",
    "Réf.: échantillon reçu le matin même, non hémolysé, 37 °C. ",
    'Specimen "A" processed; value in µg/L converted at source. ',
    "<tr><td>Result</td><td>within limits</td><td>—</td></tr> ",
    "The patient reports no complaints\nand is seen again in six months. ",
    "Reviewed and signed electronically; see the attached document. ",
)
SENTENCE_LENGTH = sum(len(sentence.encode()) for sentence in SENTENCES) / len(SENTENCES)
