"""Words that put a hazard in doubt under every document, in English and Spanish, as people and CADs write them.

A word says that somebody spoke of the hazard, not that it is there: it only makes the hazard unknown, until a question
is answered. So a word belongs here if a call taker who hears it would ask; and not if most calls with it are calm, for
then nobody could be sent: `suicidal`, an `attack` of panic, `bit`, a `shot` of a medicine, `blood` pressure, `high`.
Ideation is what the screening question on suicide is for; what stands here under suicide is a means, a plan or an
attempt. A document takes one out by naming it in `not_words`. Spanish stands without accents, as most keyboards write
it; accents do not count.

A word that ends in `*` is a stem: every word that begins so. Several words stand for themselves in a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _listed(lines: str) -> tuple[str, ...]:
    return tuple(word.strip() for line in lines.strip().splitlines() for word in line.split(","))


HAZARD_WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "weapon": _listed("""
            weapon, weapons, armed, brandish*, knife, knives, knifed, knifepoint, pocketknife, pocketknives, penknife
            switchblade*, gun, guns, gunshot*, gunman, gunmen, gunpoint, gunfire, handgun*, shotgun*, firearm*, pistol*
            revolver*, rifle*, glock*, ar15, ar 15, ak47, ak 47, ammo, ammunition, bullet*, shooter, shots fired
            shot fired, shooting, machete*, sword*, dagger*, ax, axe, axes, hatchet*, blade, blades, razor, razors
            box cutter*, boxcutter*, scissors, screwdriver*, hammer, hammers, crowbar*, sledgehammer*, pitchfork*
            cleaver*, crossbow*, shank, shiv, sawed off, broken bottle, ice pick, tire iron, baseball bat, metal pipe
            taser*, tazer*, bomb, bombs, explosive*, grenade*, molotov, arma, armas, armado, armada, cuchill*, navaja*
            pistola*, escopeta*, puñal*, hacha, hachas, martillo*, disparo, disparos, disparando, balazo*, tijeras
            bomba, bombas, wpn, wpns, gsw, weap, weaps, weps, wepon*, weopon*, knifes, machette*, fire arm*, 9mm, 9 mm
            uzi, uzis, carbine*, semiautomatic*, semi automatic*, stungun*, brass knuckles, pepper spray*, bear spray*
            airsoft, air soft, bow and arrow*, chainsaw*, scalpel*, razorblade*, butterkni*, crow bar*, shard, shards
            piece of glass, with a brick, with a bat, w a bat, has a bat, holding a bat, swinging a bat, tiroteo*, tiros
            balead*, fusil*, metralleta*, granadas, picahielo*, bate de beisbol, botella rota
            knif, knifs, knifing, knive, nife, kinfe, machet, machets, matchet*, bbgun*, boxknife, exacto, x acto
            bayonet*, katana*, nunchuck*, nunchak*, karambit*, spear, spears, speargun*, chain saw*, handsaw*, hand saw
            hacksaw*, lead pipe*, pipe wrench*, golf club*, hockey stick*, tire tool*, tire thumper*, w bat, with bat
            has bat, bat in hand, metal bat, aluminum bat, wooden bat, with a stick, w a stick, w stick, has a stick
            with a rock, w a rock, w rock, with rocks, with a pipe, w a pipe, w pipe, with a pole, w a pole, w pole
            with a shovel, w a shovel, w shovel, with a wrench, w a wrench, metal rod, metal pole, metal bar, iron bar
            rebar, 2x4, two by four, letter opener*, sharp object*, sharp instrument*, fire poker*, tomahawk*, pickaxe*
            pick axe*, sickle*, scythe*, ball peen, blowtorch*, blow torch*, sling shot*, slingshot*, blowgun*, airgun*
            nailgun*, longgun*, derringer*, beretta*, ruger, sig sauer, smith and wesson, 357 magnum, 44 magnum, caliber
            9 millimeter, 9 mil, holster*, concealed carry, sniper*, open fire, opened fire, opening fire, fired at
            firing at, fired shots, fired a shot, fired several, fired multiple, drive by shooting, shots heard
            shot at, shot him, shot her, shot me, shot them, shot someone, shot somebody, someone shot, somebody shot
            man shot, woman shot, male shot, female shot, person shot, victim shot, been shot, was shot, got shot
            heard shots, multiple shots, shotspotter, shot spotter, shell casing*, tase, tased, tasing, tazed, mace
            maced, oc spray*, tear gas, dynamite, ied, ieds, explosion*, exploded, anthrax, ricin, white powder, weapn*
            wp, adw, awdw, awik, mwg, mwk, 10 32, swat, con un bate, con bate, con un palo, con palo, con un tubo
            con una piedra, con piedras, pedrada*, botellazo*, machetaz*, desarmador*, destornillador*, desatornillador*
            barra de hierro, motosierra*, tijera, balacera*, bala, balas, dinamita, explosivo*, chaira*, fierro, fusca
            sicario*, acuchill*
            actshoot, explos, ncrasltwf
            smith wesson, colt 45, kbar, k bar, waistband, has a strap, got a strap, something sharp, scissor
            pitch fork*, stick in hand, rock in hand, brick in hand, pipe in hand, chain in hand, with a chain
            swinging a chain, bike chain, swinging a cane, swinging his cane, swinging her cane, ballbat*, lug wrench*
            illegal carrying, body armor, firebomb*, suspicious pkg, unattended package, armd, wepn, wpon
            known to carry, strapped up, is strapped, hes strapped, concealed handg*, ccw, chl holder, ltc holder
            handgn*, pistl*, gunsh*, knfe, knief, pocket knif*, broken glass in, holding glass, with broken glass
            holding broken, glass in hand, something in his hand*, something in her hand*, something in their hand*
            something in hand, object in his, object in her, object in hand, big stick, carrying a stick, unk object
            unknown object, metal object*, waving a, waving something, waving sharp, with a tool
            with a belt, with a fork, with a board, w board, swinging umbrella
            piece of wood, with a 2 by 4, 2 by 4, bar stool, hypodermic*, dirty needle*, with a needle, with needle
            w needle, with a syringe, w syringe, 22 cal, 32 cal, 38 cal, 40 cal, 45 cal, 380 cal, pry bar*, prybar*
            tossing rocks, tossing bottles, tossing chairs, tossing furniture, chucking, tear gass*, hurling, hurled
            heard pops, loud pops, loud bangs, suspicious package*, suspicious device*, white substance, mass casualty
            un palo, vidrio, vidrios, tirando piedras, aventando piedras, piedras a, trae algo en la mano
            algo en la mano, filero*, una punta, bisturi*, gatillo, encañon*, apuntando, nos apunto, me apunto
            le apunto, dispararon, disparar, disparan, tirotear*, cuerno de chivo, escuadra, calibre, la picaron
            lo picaron, lo pico, la pico, quiere picar
            torch in, pressure cooker, unattended bag, m80, firecracker*, wires hanging
            shots j h, 🔫, 🔪, 🗡, ⚔, 💣, 🧨, 🪓, 🏹
            knf, knvs, hndgn*, pstl*, shtgn*, swrd*, 9mil, pepperspray*, baseballbat*, flamethrower*, brass knuck*
            icepick*, bow arrow, hachet*, boxctt*, screw driver*, detonator*, ballistic vest*, tactical vest*
            broken btl, something shiny, shiny object, show hands, show his hands, show her hands, show their hands
            concealing, ninja star*, serrucho*, plomazo*, cuchiy*, chuchill*, kuchill*, trae tubo, trae un tubo
            con tubo, un bat, trae bat, con bat, con una barra, trae una barra
            open carry, unexploded, unexpl, ordnance, ordnan
        """),
        "violence": _listed("""
            violent, violently, violence, assault*, attacked, attacking, hit, hits, hitting, punch*, kick, kicks, kicked
            kicking, slap, slaps, slapped, slapping, beat, beats, beaten, beating, strangl*, choked, choking, choke
            chokes, throw, threw, throwing, throws, thrown, shove, shoves, shoved, shoving, swung, swinging, fight
            fights, fighting, fought, stab, stabs, stabbed, stabbing*, threat*, combative, assaultive, aggressive
            aggressively, aggression, homicid*, menacing, barricad*, tackl*, headbutt*, wrestling, shoot, shoots, smash*
            chasing, chased, swing at, swings at, came at me, came at him, came at her, coming at me, coming at him
            coming at her, spit on, spat on, spitting on, biting, pushed her, pushed him, pushed me, pushing her
            pushing him, grabbed her, grabbed him, grabbed me, hurt me, hurt people, hurting me, hurting people
            hurting someone, hurting somebody, hurting others, hostage*, kill, kills, killed, killing, murder*, rape
            raped, raping, hurt her, hurt him, hurt them, hurt someone, hurt somebody, hurt others, hurting her
            hurting him, hurting them, charged at, charging at, lunge, lunges, lunged, lunging, hands on her, violencia
            violento, violenta, violentos, agredi*, agresion, agresiones, agresivo, agresiva, ataco, ataca, atacar
            atacando, golpe*, pego, pega, pegar, pegando, pegado, patada*, patea, pateando, amenaz*, pelea, peleas
            peleando, peleo, apuñal*, estrangul*, matar, matarlo, matarla, mato, asesin*, rehen*, violo, violar, violada
            violado, aslt, violnt, simple battery, aggravated battery, agg battery, sexual battery, battery by, domestic
            dv, altercation*, scuffl*, brawl*, fistfight*, mugged, mugging, assailant*, riot*, chokehold*, headlock*
            body slam*, bodyslam*, stomp*, clawing, slash*, bit me, bit him, bit her, bit his, struck me, struck him
            struck her, struck his, knocked me, knocked him, knocked her, knocked out, lash out, lashed out, lashing out
            aggresiv*, agress*, hostile, belligerent, destroying, trashing, breaking things, breaking windows
            broke a window, broke the window, molest*, grope*, groping, pushed his, pushed my, pushed them
            pushed someone, pushed somebody, pushed people, pushed staff, pushing people, pushing someone
            pushing somebody, grabbed his, grabbed my, grabbed them, grabbed someone, grabbed somebody, hurt you
            hurt my, hurt his, harm others, harm other, harm people, harm someone, harm somebody, harming others
            harming people, against his will, against her will, against my will, against their will, child abuse
            elder abuse, physical abuse, sexual abuse, physically abus*, sexually abus*, pegandole, empuj*, pateo, riña
            riñas, mordio, mordiendo, aventando cosas, tirando cosas, rompiendo cosas, rompiendo ventanas
            standoff*, stand off, negotiator*, officer down, officer needs help, deputy down, code 3 cover, held against
            false imprisonment, won t let her leave, wont let her leave, won t let him leave, wont let him leave
            won t let me leave, wont let me leave, won t let them leave, wont let them leave, not letting her leave
            not letting him leave, not letting me leave, won t let her go, wont let her go, run me over, run him over
            run her over, run them over, run people over, run over people, running people over, ran him over
            ran her over, ran them over, tried to run over, trying to run over, rammed, ramming, ram his, ram her
            ram the, ram a, drove into a, drove into the, driving into a, driving into the, drive into a, drive into the
            drive into people, driving into people, drove at, driving at, plowed into, plowing into, mow down
            mowed down, mowing down, car as a weapon, vehicle as a weapon, truck as a weapon, blow up the, blow this
            blow it up, blow the place, burn the house, burn the place, burn the building, burn it down, burn down
            burning down, burned down, burn him, burn her, burn them, boiling water, scratched me, scratched him
            scratched her, scratched staff, clawed, bit staff, bit officer*, bit a nurse, spit at, spat at, spits at
            spitting at, elbowed, kneed, strangulat*, pinned down, held him down, held her down, held me down
            holding him down, holding her down, tied him up, tied her up, tied me up, dragged him, dragged her
            dragged me, dragging her, dragging him, pulled her hair, pulled my hair, pulled hair, pulling hair
            pulling her hair, hair pulling, smother*, jumped by, got jumped, jumped him, jumped her, squared up
            flipping tables, flipping furniture, flipped a table, came after me, came after him, came after her
            came after them, went after him, went after her, rushed at, rushing at, charging officer*, charging staff
            charging toward*, intimidat*, menace, menaced, rapist*, gang member*, ppo violation, violation of ppo
            violating ppo, violated ppo, violating a ppo, violated a ppo, ppo against, has a ppo, pfa, tro
            restraining order*, protective order*, protection order*, order of protection, no contact order*
            ro violation, op violation, si hi, hi si, si and hi, deadly conduct, disturbance physical
            disturbnce physical, physical disturbance, dvip, dva, dom disturb*, dom viol*, domestics, degoll*
            atrincherad*, encerrado con, encerrada con, mordida*, avento, rasguñ*, arañando, cachetad*, puñetazo*
            trompada*, trompon*, asfixi*, quemar la casa, quemarlo, quemarla, quemarlos, acuchill*, balacera*
            mtlv, cu1, actshoot, baricad*, hlp1, mayday, fasx, orderv, resist, resisting arrest, resists arrest
            resisted arrest, stkx, sexoffns, ncrasltwf, terrorist*
            officer needs assist*, officer need assist*, help the officer, life in danger, adult abuse
            cruelty to juvenile*, cruelty to child*, family physical, got physical, getting physical, hands on staff
            unlawful restraint, carnal knowledge, threten*, head butt*, ran at me, ran at him, ran at her, ran at staff
            ran at officer*, won t let me out, wont let me out, won t let her out, wont let her out, won t let him out
            wont let him out, locked her in, locked him in, locked me in, tearing up the house, tearing up the room
            busted the door
            manslaughter*, assist officer, officer assist urgent, imminent danger, violation of protect*, viol of order
            child endanger*, abused, abuse neglect, cruelity to, aggravated criminal, baracad*, barracad*, holed up
            in my face, in his face, in her face, in their face, in peoples face*, in people s face*, in staffs face
            in staff s face, going after people, squaring up, clench*, swatting at, striking, struck staff, smack*
            whack*, pummel*, decked, pounding on, slamming, slammed his, slammed her, slammed him, slammed the
            slammed into, slams his, slams her, slams the, bashing, bashed, by the throat, her throat, his throat
            my throat, by the hair, grabbing at, grabbing people, touching people, touching women, poking people
            poking him, poking her, flipped over
            flipping over, knocked over, knocking over, hole in the wall, holes in the wall, vicious*, dog bite*
            road rage, drove through, drove thru, car into, officer safety, ofc safety, ofcr safety, use caution
            with caution, hates police, hates cops, anti police, kil, kll, kiling, tried to take staff*
            let anyone leave, letting anyone leave, letting them leave, letting them out, holding people, took the baby
            take the baby, grabbed the baby, grabbed the child, grabbed a child, grabbed a kid, took the child
            take a child, 11 99, officer needs, emergency button, duress, panic button, panic alarm*, hacer daño
            hacerle daño, hizo daño, hacerme daño, hacernos daño, lastimar*, lastimo, lastimando, quebrando, quebro
            rompiendo todo, rompio, destruyendo, agarrada del, agarrado del, del cuello, tiene encerrad*, deja salir
            dejan salir, violaron, abuso sexual, abusando, abusaron, maltrat*, madrazo*, chingadazo*, putazo*
            trancazo*
            out of control, is whispering, rp whispering, caller whispering, hiding in the closet
            hiding in closet, hiding in the bathroom, hiding in bathroom, screaming for help, heard screaming
            screamed for help
            line disconnected, broke the tv, broke the door, broke down the door, ripping, ripped the, burn us, blow up
            going to blow, scared of him, scared of her, scared of them, afraid of him, afraid of her, afraid of son
            afraid of her son, afraid of his, fears for, in fear, rage, raging, enraged, furious, spitting, spit in
            command hallucin*, command ah, hurt baby, hurt the baby, hi toward*, shaking baby, shaking the baby
            shook the baby, shook baby, excited delirium, steering wheel, pcp
            banging on door, banging on the door, banging on doors, violating ro, violation of order
            phys alt, physical alt, d v, fam dist, family disturb*, hands on neck, impeding breath*, hostl, thrts
            thrtng*, vlnt, aggro, hurt cops, hurt police, hurt officers, hurt staff, hurt kids, hurt children, harm the
            harm his, harm my, harm cops, harm police, harm officers, harm staff, harm kids, harm children
            take everyone out, take everybody out, take them all out, taking everyone out, taking them all out
            everyone dead, everybody dead, everyone is going to die, everybody is going to die, someone is going to die
            somebody is going to die, all going to die, all gonna die, will all die, make them pay, run me down
            run him down, run her down, run them down, strong arm*, child in danger, kids in danger, que mate, que maten
            abuse aband*, abuse of elder*, abuses him, abuses her, abusing him, abusing her
            abusing his, abusing my, and battery, battery report, offenses against
            sexual exploit*, csec, cover now, officer in trouble, personnel in trouble, thrt, tarasoff, hate crime*
            hate incident*, gang related, endangerment, animal cruelty, cruelty to animal*, yelling for help
            yells for help, crying for help, cries for help, interfere w emergency, touching kids, touching children
            touched inappropriately, inappropriately touch*, inappropriate touch*, voices tell*, voices are telling
            command auditory, command voices
        """),
        "crime": _listed("""
            robbery, robberies, robbed, robbing, burglar*, arson*, carjack*, kidnap*, breaking in, broke in
            breaking into, broke into, break in, home invasion, set fire, setting fire, robo, robos, robando, robaron
            asalto, asaltos, asaltado, secuestr*, incendio provocado, shoplift*, breaking and entering, broken into
            holdup*, hold up alarm, purse snatch*, vandal*, prowler*, intruder*, car jack*, hijack*, abduct*, looting
            on fire, set a fire, sets fires, setting fires, started a fire, starting fires, lit a fire, lighting fires
            structure fire, house fire, vehicle fire, robado, robada, ladron*, ratero*, intruso*, asaltaron, asaltante*
            prendio fuego
            gasoline, lighter fluid, pouring gas, poured gas, torching, torched, brush fire*, apartment fire*
            kitchen fire*, car fire*, trash fire*, working fire, fire inside, flames, smoke inside, smoke showing
            arsonist*, false imprisonment, stalking, stalker*, escapee*, prender fuego, prendiendo fuego, gasolina
            incendio*, fuego
            farson, almh, fstru, fapt, stkx
            purse snatc*, foot pursuit*, vehicle pursuit*, grass fire*, set the bed, turned on the gas
            turned the gas on, smoke coming
            firebomb*, eluding, evading arrest, fleeing police, fleeing officer*, extortion*, criminal damage
            pickpocket*, escape from custody, peeping, marine fire, reckless burning, theft*, stole
            stolen, stealing, fled on foot, pursuit
            forced entry, forcing entry, prying, prowling, prowl, climbing thru, through the window into
            crawling through, car doors, door handles, held up the, stranger in, someone in the house
            someone in her house, someone in my house, someone inside, took her purse, snatched purse, grabbed purse
            luring, lured, traffick*, drug deal*, selling drugs, smell of gas, gas smell, smells gas, smells like gas
            odor of gas, odor of natural, natural gas, gas leak*, hazmat, mixing chemicals, meth lab*, cooking meth
            playing with matches, playing with a lighter, playing with fire, lighting paper*, lighting things
            trying to light, turned on the stove, huele a gas, olor a gas, quemando
            se metio a
            se metieron, entro a la casa
            lit a trash, lighter in hand, torch, firework*, stick up, jacking, peering in, followed her home
            followed me home, following me home, following her home, wrong way driver, drunk driver, driving drunk
            asaltando, se llevo al niño, se llevo a la niña, se llevo a mi hijo, se llevo a mi hija
            arrson*, buglar*, burg, larcen*, criminal misch*, crim misch*, criminal dam*, malicious dest*
            breaking entering, business hold up, bank hold up, hold up panic, hold pan dur, suspect there now
            susp there now, missing child*, child missing, child is missing, missing toddler*, missing baby
            missing infant*, amber alert*, uumv, udaa, unauthorized use of motor, tampering w veh*
            tampering with veh*, voyeur*, drugs lab, drug lab*, reckless driv*, wreckless driv*, driving while under
            rubbish fire*, smell of smoke, smells smoke, smelling smoke, smell smoke, smells like smoke, smoke invest*
            full of smoke, filled with smoke, black smoke, chemical spill*, haz mat*, haz materials, hazardous mat*
        """),
        "injury": _listed("""
            injured, injury, injuries, bleed, bleeding, bleeds, bled, bloody, unconscious, unresponsive, not responsive
            not breathing, stopped breathing, cant breathe, can t breathe, cannot breathe, seizure*, seizing, overdos*
            od, ods, oded, od d, o d, narcan, naloxone, passed out, collapsed, chest pain*, broken arm, broken leg
            stabbed, shot himself, shot herself, shot themselves, been shot, was shot, got shot, isnt breathing
            shot him, shot her, shot me, shot them, shot someone, shot somebody, someone shot, somebody shot
            man shot, woman shot, male shot, female shot, person shot, victim shot
            isn t breathing, no pulse, turning blue, heart attack, stroke, poison*, swallow*, cut himself, cut herself
            cut themselves, cutting himself, cutting herself, cutting themselves, hurt himself, hurt herself
            hurt themselves, hurting himself, hurting herself, hurting themselves, took all his pills
            took all her pills, swallowed pills, took pills, took a bunch of pills, herido, herida, heridos, heridas
            lesion*, sangre, sangra, sangrando, sobredosis, inconscient*, no respira, no responde, desmayado, desmayada
            desmayo, gsw, trouble breathing, difficulty breathing, breathing problem*, breathing difficult*
            labored breathing, hard to breathe, hard time breathing, struggling to breathe, short of breath
            shortness of breath, gasping, agonal, cardiac*, heartattack*, chest hurts, cpr, doa, dead body, found dead
            fainted, fainting, faints, pass out, passing out, blacked out, unconc*, unconsi*, not responding, not moving
            isnt moving, isn t moving, cant wake, can t wake, wont wake up, won t wake up, not waking up, hemorrhag*
            blood everywhere, covered in blood, lots of blood, a lot of blood, coughing up blood, vomiting blood
            throwing up blood, hit his head, hit her head, shot in, wounded, lacerat*, fracture*, broken bone*
            broken hip, concussion*, electrocut*, drowning, drowned, hypotherm*, frostbit*, heatstroke, low blood sugar
            siezure*, seisure*, convuls*, allergic reaction, anaphyla*, in labor, giving birth, miscarr*, blue lips
            lips are blue, turned blue, cyanotic, foaming at the mouth, took too many, whole bottle, bottle of pills
            ate pills, ingest*, drank bleach, drank antifreeze, cut his arm*, cut her arm*, cutting his arm*
            cutting her arm*, hit by a car, struck by a car, struck by a vehicle, struck by vehicle, ped struck
            run over, ran him over, ran her over, no despierta, no puede respirar, no puedo respirar, falta el aire
            ataque al corazon, ataque cardiaco, infarto*, derrame, inconcient*, envenen*, veneno, ahogand*, esta muerto
            esta muerta, se corto, muchas pastillas, tomo pastillas, tomado pastillas
            ran over, ran them over, exploded, explosion*, balacera*, acuchill*, machetaz*, strangulat*, cortandose
            peruncon, resparr, traumap, chespain, hemrg
            unresp, uncon, not conscious, cannot wake, cant breath, can t breath, diff breathing, dib, siezing
            low sugar, contractions, in labour, water broke, no breathing, no puls, cold to the touch, bottle of bleach
            🩸
            sudden death, arrst, high wtr, water emergenc*, burns, took a handful, handful of pills, handful of meds
            took a bunch
            bunch of pills, bunch of meds, entire bottle, all of his pills, all of her pills, all of his meds
            all of her meds, all his meds, all her meds, took all her med*, took all his med*, too much insulin
            took too much, drain cleaner, hand sanitizer, windex, bleach, ammonia, antifreeze, cut to the, cuts on
            cuts to, cut on, lac to, lacs, sliced, slicing, carving into, self inflict*, self injur*, self harming
            self harmed, stuck himself, stuck herself, in his neck, in her neck, burning himself, burning herself
            burned himself, burned herself, banging his head, banging her head, banging head, bashing his, bashing her
            hits head, blood all, blood on, blood coming, hemm*, hemor*, not breathin, stopped breathin
            barely breathing, breathing funny, breathing weird, breathing shallow, breathing is shallow
            shallow breath*, shallow resp*, snoring resp*, no resp, not waking, be woken, wont respond, won t respond
            no response from, wont get up, won t get up, can t get up, cant get up, blue in the face, blue in face
            clammy, diaphoretic
            slumped, nodding off, out of consc*, out of conc*, aloc, altered loc, altered level
            altered mental, diabetic emerg*, diabetic shock, hypoglyc*, hyperglyc*, bgl, sugar is low, resps, gushing
            superficial cut*, tylenol, benadryl, ibuprofen, acetaminophen, fell down, fell off, fell from, broken ankle
            broken wrist, broken foot, broken nose, broken jaw, broken rib*, leg is broken, arm is broken, chst*
            chest tight*, chest pressure, pain in chest, heart atack*, facial droop, allergic rxn, heat exhaust*, sob
            dog bite*, stiff and cold, cold and stiff, lastimad*, se lastimo, cortada en, esta cortado, esta cortada
            cloro, todas las pastillas, frasco de pastillas, trago pastillas, trago las pastillas, ingirio
            intoxicado con, intoxicada con, epilep*, duele el pecho, dolor de pecho, dolor en el pecho, se ahogo
            inconsient*, se puso morado, esta morado, se puso morada, esta morada, no se mueve, no reacciona
            dar a luz, dolores de parto, sobre dosis, sobredoc*
            cadaver*, se murio, no tiene pulso, sin pulso, se cayo
            cutting self, cuttin, self cutting, is cutting, been cutting, cutting now, fresh cuts, drank a fifth
            took all the, took his whole, took her whole, all the insulin, injected insulin, fentanyl*, fent
            infant blue, foaming, sweating profusely, hot to touch, hot to the touch, hot car
            diff br, cut arms, cuts arms
            person down, man down, male down, woman down, female down, subject down, down person, over the wheel
            dead person*, deceased person*, deceased persn*, deceased sudden, deceased male, deceased female
            deceased subject, fatalit*, accidental death, unexplained death, unclassified death, report of death
            life status, ambulance needed, ambulance request*, needs an ambulance, need an ambulance, needs ambulance
            need ambulance, requesting an ambulance, requesting ambulance, requesting medics, requesting ems, childbirth
            unk inj, unkinj, serious inj, minor inj, auto accident*, car accident*, vehicle accident*, traffic accident*
            traffic acc, traff acc, traf acc, major accident*, car crash*, plane crash*, airplane crash*, mvc, mva
            hit and run*, animal bite*, animal attack*, bitten, dog attack*, attack by dog, attack by dangerous
            child locked in*, baby locked in*, kid locked in*, kids locked in*, child is locked in, baby is locked in
            child left in, baby left in, kid left in, kids left in, child left alone, baby left alone, kids left alone
            child alone, baby alone, abandoned child*, aband child
            child aband*, child desert*, child home alone, children home alone, child ren home alone, kids home alone
            child neglect*, unattended child*, child unattended, toddler in the street
            child in the street, child in the road, entrapment, trapped inside, trapped under, pinned under, wires down
            downed wire*, downed power*
            sinking veh*, sinkin veh*, floodwater*, flood water*, water rescue*, rescue of person, inhalant*, huffing
        """),
        "suicide": _listed("""
            suicide, suicides, attempted suicide, noose*, hang himself, hang herself, hang themselves, hang myself
            hanged, hanging himself, hanging herself, kill himself, kill herself, kill themselves, kill themself
            kill myself, killing himself, killing herself, killing themselves, killing myself, end his life
            end her life, end their life, end my life, ending his life, ending her life, slit, slits, slitting
            cut his wrist, cut her wrist, cut his wrists, cut her wrists, cut my wrists, cut their wrists
            cutting his wrists, cutting her wrists, jump off, jumping off, jumped off, going to jump, gonna jump
            wants to jump, jump in front, jumping in front, on the ledge, on the bridge, over the railing, on the tracks
            train tracks, drown himself, drown herself, drown themselves, drown myself, swallowed, kill my self
            kill him self, kill her self, kms, plan to die, suicidal with a plan, suicidal with plan, overdos*
            shoot himself, shoot herself, shoot themselves, shoot myself, shot himself, shot herself, last goodbye
            goodbye note, suicidio, suicidarse, suicidar, suicido, matarse, matarme, quitarse la vida, quitarme la vida
            ahorc*, cortarse las venas, cortarme las venas, sobredosis, tirarse, aventarse, hung himself, hung herself
            tried to hang, trying to hang, around his neck, around her neck, around my neck, around neck
            around their neck, ligature*, asphyxia*, carbon monoxide, jumper*, bridge jump*, jump from, jump out
            jump into traffic, jumped from, jumped out, jumping from, jumping out, into traffic, in front of traffic
            in front of cars, on a bridge, on bridge, off a bridge, off a building, off the bridge, edge of the bridge
            ledge, on a roof, on the roof, edge of the roof, on tracks, railroad tracks, wrists, slashed his wrist
            slashed her wrist, slashed my wrist, cut wrist, cutting wrist, brains out, drowning himself
            drowning herself, himself on fire, herself on fire, themselves on fire, myself on fire, immolat*, unaliv*
            own life, take his life, take her life, take my life, taking his life, taking her life, end it all
            ending it all, end it now, end it tonight, tried to end, has a plan, si with plan, si w plan
            suicidal w plan, suicidal with means, said goodbye, saying goodbye, final goodbye, left a note, wrote a note
            suicidarme, colgarse, se colgo, cortarse, las venas, quitar la vida, del puente, saltar del, brincar del
            tirarme, aventarme, se va a tirar, se quiere tirar
            lit himself, lit herself, lit themselves, light himself, light herself, gasoline, gasolina, cortandose
            suicide by cop, sbc
            suicthrt
            attempted to hang, rope around, belt around, bag over his head, bag over her head, bag over head
            cut his throat, cut her throat, cut my throat, cutting his throat, cutting her throat, has the means
            do it tonight, on the overpass, on an overpass, on overpass, off the overpass, off an overpass
            standing on the edge, garage roof, walking in traffic, standing in traffic, running in traffic
            laying in the road*, lying in the road*
            rope, off himself, off herself, off themselves, off myself, extension cord, cord around, tying a sheet
            tying sheets, tying a cord, railing
            guardrail*, guard rail*, legs over, climbed the tower, climbing the tower, up a tower, up the tower
            on a tower, on the tower
            on the water tower, on top of the building, on top of a building, on top of the roof, on top of the garage
            on top of the parking, on top of parking, the cliff, a cliff, off a cliff, on the freeway, on freeway
            onto the freeway, middle of the freeway, on the highway, on highway, middle of the road, middle of road
            middle of the street, middle of the highway, in the roadway, in roadway, train rails, on the rails
            on the railroad, on railroad, waiting for the train, self inflict*, cut to wrist, lac to wrist
            gun to his head, gun to her head, took a handful, bunch of pills, all of his pills, all of her pills
            handful of pills, handful of meds, entire bottle, azotea*, en el techo, en el puente, quiere brincar
            quiere saltar, va a aventar
            a aventar, soga*, cuerda en, cuerda al, en el cuello, al cuello, las muñecas, esta cortando
            todas las pastillas, frasco de pastillas
            texted goodbye, posted goodbye, goodbye text*, goodbye message*, goodbye video*, nothing to lose
            pics of pills, pictures of pills, pills in her hand, pills in his hand, counting pills, lined up pills
            alcohol and pills, pills and alcohol, found hanging, hanging from, bag on head
            bag on his head, bag on her head, head in oven, head in the oven, running in garage, running in the garage
            exhaust, rooftop*, hanging out the window, jump out the window, jumping out the window, climbing out of
            of overpass, of the overpass, in river, in the river
            in the water, in the ocean, into the ocean, into the water, into the river, into the lake, in the lake
            rr tracks, on the interstate, on interstate, onto the interstate, dodging cars, moving car
            moving vehicle, is cutting, been cutting, cutting self
            self cutting, wrsts
            ctb, kys, has means, si w means, si with means, si w intent, si with intent, goodbye letter*
            garage with the car running, garage with car running
        """),
    }
)
"""Hazard → its words."""
